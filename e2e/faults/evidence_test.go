package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/sealed"
	attestsign "stellad/attest/sign"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
)

// app is what the evidence here is about.
const app = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

const vex = `{"@context":"https://openvex.dev/ns/v0.2.0"}`

// ofEvidence are the mutations of what is kept as evidence.
var ofEvidence = []mutation{
	{name: "/stella.v1.EvidenceService/AddEvidence", record: "evidence", effect: held, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		return a.addEvidence(ctx, vex)
	}},
	{name: "/stella.v1.EvidenceService/ImportEvidence", record: "evidence", effect: held, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		stream, err := a.evidence.ImportEvidence(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&stellav1.ImportEvidenceRequest{Content: a.foreign}); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		_, err = stream.CloseAndRecv()
		return err
	}},
	{name: "/stella.v1.EvidenceService/ExportEvidence", record: "signed", keys: true, effect: signed, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		if err := a.addEvidence(ctx, vex); err != nil {
			return err
		}
		stream, err := a.evidence.ExportEvidence(ctx, &stellav1.ExportEvidenceRequest{Artifacts: []string{app}})
		for err == nil {
			_, err = stream.Recv()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}},
}

func (a *appliance) addEvidence(ctx context.Context, text string) error {
	stream, err := a.evidence.AddEvidence(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(&stellav1.AddEvidenceRequest{Artifact: app, Content: []byte(text)}); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	_, err = stream.CloseAndRecv()
	return err
}

// held is how much evidence there is.
func held(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	all, err := a.evidence.ListEvidence(ctx, &stellav1.ListEvidenceRequest{})
	if err != nil {
		return a.unless(t, err)
	}
	return fmt.Sprint(len(all.GetEvidence()))
}

// foreign makes another appliance, which a trust root then believes, an evidence bundle of that one's, and a statement of it
// on a vulnerability.
func foreign(t testing.TB, trustRoot string) (evidence, vex []byte) {
	t.Helper()
	s := attesttest.NewSite(t, 1)
	must(t, os.CopyFS(filepath.Join(trustRoot, "foreign"), os.DirFS(filepath.Join(s.Folder(), "trust"))))
	signers, err := os.OpenFile(filepath.Join(trustRoot, "signers.toml"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = signers.WriteString("\n[[signer]]\nname = \"another appliance\"\nkey = \"foreign/keys/signing.pem\"\n")
	must(t, err)
	must(t, signers.Close())
	text := s.Bundle([]attest.Subject{attesttest.SubjectOf("app", []byte("test"))}, attestsign.Predicate{Type: "https://example.test/checked/v1", JSON: []byte("{}")})
	draft, err := bundle.NewDraft(bundle.Input{Policy: []byte("{}\n"), Documents: []bundle.Document{{
		SHA256: sealed.Sum(text), Kind: kind.Bundle, Verdict: "verified", Size: int64(len(text)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
	}}})
	must(t, err)
	var b bytes.Buffer
	must(t, draft.Write(&b, s.Bundle(draft.Subjects(), draft.Predicate())))
	return b.Bytes(), foreignVEX(s)
}
