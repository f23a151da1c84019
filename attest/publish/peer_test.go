package publish_test

import (
	"bytes"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"stellad/tlog"
)

// sigstore-go, in process, refuses what cosign refuses: by the trust of another, and
// a bundle with one thing changed.
func TestPeerRefuses(t *testing.T) {
	s, stranger := newSite(t, edKey(1)), newSite(t, edKey(9))
	text := s.bundle(t, start.AddDate(0, 1, 0))
	must(t, peer(t, s, s, text))
	for what, change := range map[string]func(*site){
		"another key of the log":  func(o *site) { o.Logs[0].Public = edKey(9).Public() },
		"another authority":       func(o *site) { o.Timestampers = stranger.Timestampers },
		"an authority from later": func(o *site) { o.Timestampers[0].From = start.AddDate(0, 6, 0) },
		"another name":            func(o *site) { o.Name = "other.example" },
	} {
		other := *s
		other.Logs, other.Timestampers = bytesOf(s.Logs), bytesOf(s.Timestampers)
		change(&other)
		if err := peer(t, &other, s, text); err == nil {
			t.Errorf("%s: verified", what)
		}
	}
	if err := peer(t, s, stranger, text); err == nil {
		t.Error("another key: verified")
	}
	for what, change := range alterations {
		var b protobundle.Bundle
		must(t, protojson.Unmarshal(text, &b))
		change(&b)
		changed, err := protojson.Marshal(&b)
		must(t, err)
		if err := peer(t, s, s, changed); err == nil {
			t.Errorf("%s: verified", what)
		}
	}
}

// A checkpoint that others signed too does no harm: not here, not to sigstore-go.
func TestCosignedCheckpoint(t *testing.T) {
	s := newSite(t, edKey(1))
	m := s.make(t, start)
	witness, err := tlog.NewNoteSigner("witness.example", edKey(8))
	must(t, err)
	text, _, _ := bytes.Cut(m.Proof.Checkpoint, []byte("\n\n"))
	note, err := witness.SignNote(append(text, '\n'))
	must(t, err)
	_, line, _ := bytes.Cut(note, []byte("\n\n"))
	m.Proof.Checkpoint = append(m.Proof.Checkpoint, line...)
	bundle, err := m.Bundle(m.Evidence, s.verifier(t))
	must(t, err)
	must(t, peer(t, s, s, bundle))
}
