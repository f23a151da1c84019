package signing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/sign"
	"stellad/attest/trust"
	"stellad/audit"
	"stellad/hsm"
	"stellad/keys"
)

func hsmDial(path string) (*hsm.Client, error) { return hsm.Dial(path) }

func request(about string) Request {
	sum := sha256.Sum256([]byte(about))
	return Request{
		Key: "attestation-1", Who: "uid:7",
		Subjects: []attest.Subject{{Name: about, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}},
	}
}

func (s *site) sign(t testing.TB, r Request) []byte {
	t.Helper()
	bundle, _, err := s.Sign(t.Context(), audit.Record{}, r)
	must(t, err)
	return bundle
}

// verdict verifies a bundle by what is published, as somebody would who has nothing else.
func (s *site) verdict(t testing.TB, bundle []byte) *attest.Verdict {
	t.Helper()
	files, err := s.Published()
	must(t, err)
	root, err := trust.Parse(files)
	must(t, err)
	docs, err := attest.Parse(bundle)
	must(t, err)
	return attest.NewVerifier(root).Verify(docs[0], attest.Expect{})
}

func (s *site) types(t testing.TB) string {
	t.Helper()
	var all []string
	for e, err := range s.Entries(t.Context(), 0, false, func(*audit.Record) bool { return true }) {
		must(t, err)
		all = append(all, e.Record.Type)
	}
	return strings.Join(all, " ")
}

// TestSign: a signature is in the log, and verifies by what is published; the same request has the same answer.
func TestSign(t *testing.T) {
	s := newSite(t)
	first := s.sign(t, request("a"))
	for i := range 600 { // beyond two tiles
		s.sign(t, request(fmt.Sprint(i)))
	}
	v := s.verdict(t, first)
	if !v.Verified || v.Established.Logs[0].Index != 0 {
		t.Errorf("%s %+v", v.Reason, v.Established)
	}
	size := s.State().Size
	bundle, signed, err := s.Sign(t.Context(), audit.Record{}, request("a"))
	must(t, err)
	if v := s.verdict(t, bundle); !v.Verified || signed.Index != 0 || v.Established.Logs[0].Size != 601 || s.State().Size != size {
		t.Errorf("again: %s %+v, %d records more", v.Reason, v.Established, s.State().Size-size)
	}
	docs, err := attest.Parse(bundle)
	must(t, err)
	before, err := attest.Parse(first)
	must(t, err)
	if len(docs) != 1 || len(before) != 1 {
		t.Error("no bundles")
	}
	r := request("a")
	r.Predicate = &sign.Predicate{Type: "https://example.org/p", JSON: []byte(`{"a":1}`)}
	if v := s.verdict(t, s.sign(t, r)); !v.Verified || v.Established.PredicateType != "https://example.org/p" {
		t.Errorf("%s %+v", v.Reason, v.Established)
	}
}

// TestSignTogether: whoever asks for the same at a time is answered by one signature; the others each by their own.
func TestSignTogether(t *testing.T) {
	s := newSite(t)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			bundle, _, err := s.Sign(t.Context(), audit.Record{}, request(fmt.Sprint(i%16)))
			if err != nil {
				t.Error(err)
				return
			}
			if v := s.verdict(t, bundle); !v.Verified {
				t.Error(v.Reason)
			}
		})
	}
	all.Wait()
	if n := strings.Count(s.types(t), "signed"); n != 16 {
		t.Errorf("%d signatures", n)
	}
	if state, err := s.head(); err != nil || state.Size != 16 {
		t.Errorf("%+v %v", state, err)
	}
}

// TestSignRefuses: what can't be signed leaves no signature.
func TestSignRefuses(t *testing.T) {
	s := newSite(t)
	r := request("a")
	change := func(f func(*Request)) Request {
		c := r
		f(&c)
		return c
	}
	for why, c := range map[string]struct {
		request Request
		want    error
	}{
		"no such key":       {change(func(r *Request) { r.Key = "nobody" }), keys.ErrUnknown},
		"another's key":     {change(func(r *Request) { r.Key = "log-1" }), keys.ErrRole},
		"the timestamp key": {change(func(r *Request) { r.Key = "timestamp-1" }), keys.ErrRole},
		"nobody endorses":   {change(func(r *Request) { r.Who = "" }), sign.ErrStatement},
		"no digest":         {change(func(r *Request) { r.Subjects = []attest.Subject{{Name: "a"}} }), sign.ErrStatement},
		"no subject":        {change(func(r *Request) { r.Subjects = nil }), sign.ErrStatement},
		"no JSON":           {change(func(r *Request) { r.Predicate = &sign.Predicate{Type: "https://a.b/c", JSON: []byte("{")} }), sign.ErrStatement},
		"no URI":            {change(func(r *Request) { r.Predicate = &sign.Predicate{Type: "c", JSON: []byte("{}")} }), sign.ErrStatement},
	} {
		if bundle, _, err := s.Sign(t.Context(), audit.Record{}, c.request); !errors.Is(err, c.want) || bundle != nil {
			t.Errorf("%s: %v, not %v", why, err, c.want)
		}
	}
	if strings.Contains(s.types(t), "intent signed") {
		t.Error(s.types(t))
	}
}

// TestRotation: bundles of before and after a rotation verify; a compromised key's fall from that time on.
func TestRotation(t *testing.T) {
	s := newSite(t)
	before := s.sign(t, request("before"))
	_, _, err := s.registry.Rotate(t.Context(), audit.Record{}, keys.Attestation, "", "attestation-2")
	must(t, err)
	s.KeysChanged()
	if _, _, err := s.Sign(t.Context(), audit.Record{}, request("late")); !errors.Is(err, keys.ErrState) {
		t.Errorf("a retired key signs: %v", err)
	}
	r := request("after")
	r.Key = "attestation-2"
	after := s.sign(t, r)
	for _, role := range []string{keys.Log, keys.Timestamp} {
		_, _, err := s.registry.Rotate(t.Context(), audit.Record{}, role, "", role+"-2")
		must(t, err)
	}
	s.KeysChanged()
	r.Subjects[0].Name = "at last"
	last, again := s.sign(t, r), s.sign(t, request("before"))
	for i, b := range [][]byte{before, after, last, again} {
		if v := s.verdict(t, b); !v.Verified {
			t.Errorf("bundle %d: %s", i, v.Reason)
		}
	}
	_, err = s.registry.MarkCompromised(t.Context(), audit.Record{}, "attestation-1", time.Now().Add(-time.Hour), "")
	must(t, err)
	_, err = s.registry.MarkCompromised(t.Context(), audit.Record{}, "attestation-2", time.Now().Add(time.Hour), "")
	must(t, err)
	s.KeysChanged()
	for i, want := range []bool{false, true, true, false} {
		if v := s.verdict(t, [][]byte{before, after, last, again}[i]); v.Verified != want {
			t.Errorf("bundle %d: %t %s", i, v.Verified, v.Reason)
		}
	}
	if _, _, err := s.Sign(t.Context(), audit.Record{}, request("before")); !errors.Is(err, ErrBroken) {
		t.Errorf("what does not verify is given: %v", err)
	}
}

// TestRestart: the log goes on where it was, its view built anew or not; what was under way is given up.
func TestRestart(t *testing.T) {
	s := newSite(t)
	for i := range 10 {
		s.sign(t, request(fmt.Sprint(i)))
	}
	e, err := s.registry.Find("attestation-1")
	must(t, err)
	statement, err := request("cut short").statement(time.Now())
	must(t, err)
	_, err = s.intend(t.Context(), audit.Record{}, e, strings.Repeat("5a", 32), statement)
	must(t, err)
	was, err := s.head()
	must(t, err)
	for _, drop := range []bool{false, true} {
		vkey := s.Key()
		must(t, errors.Join(s.Close(), s.blobs.Close()))
		if drop {
			must(t, os.RemoveAll(filepath.Join(s.state, "db")))
		}
		s.open(t, vkey)
		must(t, s.Settle(t.Context()))
		is, err := s.head()
		must(t, err)
		if is != was || strings.Count(s.types(t), "abandoned") != 1 {
			t.Errorf("%+v, was %+v\n%s", is, was, s.types(t))
		}
		if v := s.verdict(t, s.sign(t, request("3"))); !v.Verified || v.Established.Logs[0].Index != 3 {
			t.Errorf("%s %+v", v.Reason, v.Established)
		}
	}
}

// TestLostBlob: a signature of which the rest is gone or other is not given as if it were whole.
func TestLostBlob(t *testing.T) {
	s := newSite(t)
	s.sign(t, request("a"))
	must(t, filepath.WalkDir(filepath.Join(s.state, "blobs"), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "lock" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_ = os.Chmod(path, 0o600)
		return os.WriteFile(path, bytes.Replace(text, []byte(`"payload"`), []byte(`"Payload"`), 1), 0o600)
	}))
	if b, _, err := s.Sign(t.Context(), audit.Record{}, request("a")); err == nil {
		t.Errorf("%s", b)
	}
}

// TestNoToken: without its token the appliance signs nothing, and says so by the deadline; the intent is closed.
func TestNoToken(t *testing.T) {
	s := newSite(t)
	token, err := hsmDial("/nonexistent/hsm.sock")
	must(t, err)
	defer token.Close()
	s.Service = New(name, keys.New(name, token, s.Ledger), s.Ledger, s.blobs)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, _, err := s.Sign(ctx, audit.Record{}, request("a")); !errors.Is(err, hsm.ErrUnavailable) {
		t.Error(err)
	}
	if !strings.HasSuffix(s.types(t), "intent abandoned") {
		t.Error(s.types(t))
	}
}

// TestTokenHangs: however many wait for a token that gives no answer, each leaves by its own deadline.
func TestTokenHangs(t *testing.T) {
	s := newSite(t)
	for i := range 6 {
		s.sign(t, request(fmt.Sprint(i)))
	}
	mute := filepath.Join(t.TempDir(), "hsm.sock")
	l, err := net.Listen("unix", mute)
	must(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true) // gRPC's transport
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	token, err := hsmDial(mute)
	must(t, err)
	defer token.Close()
	s.Service = New(name, keys.New(name, token, s.Ledger), s.Ledger, s.blobs)
	began := time.Now()
	var all sync.WaitGroup
	for i := range 6 { // they were answered before: what is wanting is a checkpoint
		all.Go(func() {
			if _, _, err := s.Sign(t.Context(), audit.Record{}, request(fmt.Sprint(i))); !errors.Is(err, hsm.ErrUnavailable) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > hsm.CallLimit+time.Second {
		t.Errorf("the last left after %v", took)
	}
	if answer, err := s.Stamp(t.Context(), audit.Record{}, query(t)); answer != nil || !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("a timestamp: %x, %v", answer, err)
	}
}

// TestLostKey: a key that is in the log and not in the token is the token's fault, and not that of who asks.
func TestLostKey(t *testing.T) {
	s := newSite(t)
	s.sign(t, request("a"))
	token, err := hsmDial(s.token)
	must(t, err)
	defer token.Close()
	for _, label := range []string{"attestation-1", "timestamp-1"} {
		must(t, token.Destroy(t.Context(), hsm.Reference{Label: label}))
	}
	if _, _, err := s.Sign(t.Context(), audit.Record{}, request("b")); !errors.Is(err, hsm.ErrUnavailable) || !errors.Is(err, hsm.ErrNoKey) {
		t.Error(err)
	}
	if answer, err := s.Stamp(t.Context(), audit.Record{}, query(t)); answer != nil || !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("a timestamp: %x, %v", answer, err)
	}
	if _, _, err := s.registry.Rotate(t.Context(), audit.Record{}, keys.Attestation, "", "next"); !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("a rotation: %v", err)
	}
	s.sign(t, request("a")) // it was signed
}

// query is a timestamp request.
func query(t *testing.T) []byte {
	t.Helper()
	der, err := exec.Command("openssl", "ts", "-query", "-digest", strings.Repeat("5a", 32), "-sha256").Output()
	must(t, err)
	return der
}

// refusing is a journal that takes no records of a type, as on a full disk.
type refusing struct {
	keys.Journal
	kind string
}

var errRefused = errors.New("refused by the test")

func (r refusing) Write(ctx context.Context, rec audit.Record, body any, note map[string]string) (*audit.Record, error) {
	if rec.Type == r.kind {
		return nil, errRefused
	}
	return r.Journal.Write(ctx, rec, body, note)
}

// TestNoRecord: without its record there is no signature in the log, no bundle and no token; with room again the same
// request is answered, once.
func TestNoRecord(t *testing.T) {
	s := newSite(t)
	for _, kind := range []string{"intent", "signed"} {
		s.journal = refusing{s.Ledger, kind}
		if bundle, _, err := s.Sign(t.Context(), audit.Record{}, request(kind)); !errors.Is(err, errRefused) || bundle != nil {
			t.Errorf("no %s: %v", kind, err)
		}
		if state, err := s.head(); err != nil || state.Size != 0 {
			t.Errorf("no %s: the log has %d entries, %v", kind, state.Size, err)
		}
	}
	s.journal = refusing{s.Ledger, "stamp"}
	if token, err := s.Stamp(t.Context(), audit.Record{}, query(t)); !errors.Is(err, errRefused) || token != nil {
		t.Errorf("no stamp: %v", err)
	}
	s.journal = s.Ledger
	for range 2 {
		s.sign(t, request("signed"))
	}
	if token, err := s.Stamp(t.Context(), audit.Record{}, query(t)); err != nil || len(token) == 0 {
		t.Errorf("with room: %v", err)
	}
	if all := s.types(t); strings.Count(all, "signed") != 1 || !strings.HasSuffix(all, "signed stamp") {
		t.Error(all)
	}
}

// TestStampRefuses: a request that is refused has an answer, and costs neither record nor signature.
func TestStampRefuses(t *testing.T) {
	s := newSite(t)
	before := s.State().Size
	for _, request := range [][]byte{nil, []byte("nonsense"), bytes.Repeat([]byte{0x30}, 5000)} {
		if answer, err := s.Stamp(t.Context(), audit.Record{}, request); err == nil || len(answer) == 0 {
			t.Errorf("%x: %x, %v", request[:min(8, len(request))], answer, err)
		}
	}
	if s.State().Size != before {
		t.Errorf("%d records more", s.State().Size-before)
	}
}

// TestSettleLeft: what the log did not take is written as soon as it does, and nothing is written where all was.
func TestSettleLeft(t *testing.T) {
	s := newSite(t)
	s.journal = refusing{refusing{s.Ledger, "signed"}, "abandoned"}
	if _, _, err := s.Sign(t.Context(), audit.Record{}, request("x")); !errors.Is(err, errRefused) {
		t.Error(err)
	}
	if err := s.SettleLeft(t.Context()); !errors.Is(err, errRefused) {
		t.Errorf("the log takes nothing: %v", err)
	}
	s.journal = s.Ledger
	for range 2 {
		must(t, s.SettleLeft(t.Context()))
		if all := s.types(t); !strings.HasSuffix(all, "intent abandoned") {
			t.Error(all)
		}
	}
	s.sign(t, request("x"))
}

// TestSettleLeavesWhatIsUnderWay: what was cut short is given up, and nothing that is being signed. A signature whose
// intent was given up can't be folded: no daemon would start on that log again.
func TestSettleLeavesWhatIsUnderWay(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	var settling, all sync.WaitGroup
	settling.Go(func() {
		for ctx.Err() == nil {
			if err := s.Settle(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 16 {
		all.Go(func() { s.sign(t, request(fmt.Sprint(i))) })
	}
	all.Wait()
	cancel()
	settling.Wait()
	if types := s.types(t); strings.Contains(types, "abandoned") || strings.Count(types, "signed") != 16 {
		t.Error(types)
	}
}
