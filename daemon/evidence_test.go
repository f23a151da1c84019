package daemon_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
)

// add sends a document by pieces of so many bytes.
func (d *trial) add(t testing.TB, artifact, text string, piece int) (*stellav1.AddEvidenceResponse, error) {
	t.Helper()
	stream, err := stellav1.NewEvidenceServiceClient(d.admin).AddEvidence(t.Context())
	must(t, err)
	for first := true; first || text != ""; first = false {
		n := min(piece, len(text))
		if err := stream.Send(&stellav1.AddEvidenceRequest{Artifact: artifact, Content: []byte(text[:n])}); errors.Is(err, io.EOF) {
			break // the answer is there
		} else if err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	return stream.CloseAndRecv()
}

func (d *trial) list(t testing.TB, req *stellav1.ListEvidenceRequest) []*stellav1.Evidence {
	t.Helper()
	resp, err := stellav1.NewEvidenceServiceClient(d.admin).ListEvidence(t.Context(), req)
	must(t, err)
	return resp.GetEvidence()
}

const (
	demoSubject = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"
	app         = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	vex         = `{"@context":"https://openvex.dev/ns/v0.2.0"}`
)

func demoBundle(t testing.TB) string {
	t.Helper()
	return text(t, filepath.Join(demo, "sigstore-js.sigstore.json"))
}

// TestEvidence: what is added is verified, found by its artifacts, shown as it verifies now, and given out as it was.
func TestEvidence(t *testing.T) {
	d := start(t, nil)
	bundle := demoBundle(t)
	resp, err := d.add(t, "", bundle, 1000)
	must(t, err)
	sum := sha256.Sum256([]byte(bundle))
	e := resp.GetEvidence()
	if !resp.GetAdded() || e.GetVerdict() != "verified" || e.GetKind() != "sigstore-bundle" || e.GetSha256() != hex.EncodeToString(sum[:]) ||
		e.GetPredicateType() != "https://slsa.dev/provenance/v1" || len(e.GetSubjects()) != 1 || e.GetSubjects()[0] != demoSubject || e.GetUid() != uint32(os.Geteuid()) {
		t.Errorf("%v", resp)
	}
	if again, err := d.add(t, "", bundle, 1<<20); err != nil || again.GetAdded() {
		t.Errorf("again: %v %v", again, err)
	}
	if resp, err := d.add(t, app, vex, 10); err != nil || resp.GetEvidence().GetVerdict() != "none" || resp.GetEvidence().GetArtifacts()[0] != app {
		t.Errorf("%v %v", resp, err)
	}
	for _, artifact := range []string{demoSubject, demoSubject[:13]} {
		if all := d.list(t, &stellav1.ListEvidenceRequest{Artifact: artifact}); len(all) != 1 || all[0].GetSha256() != e.GetSha256() {
			t.Errorf("of %s: %v", artifact, all)
		}
	}
	client := stellav1.NewEvidenceServiceClient(d.admin)
	shown, err := client.ShowEvidence(t.Context(), &stellav1.ShowEvidenceRequest{Sha256: e.GetSha256()[:8]})
	if err != nil || shown.GetVerdict() != "verified" || !strings.Contains(string(shown.GetVerdictJson()), "sigstore-js") {
		t.Errorf("%v %v", shown, err)
	}
	if got := d.readEvidence(t, e.GetSha256()); got != bundle {
		t.Errorf("%d bytes of another document", len(got))
	}
}

func (d *trial) readEvidence(t testing.TB, sha256 string) string {
	t.Helper()
	stream, err := stellav1.NewEvidenceServiceClient(d.admin).ReadEvidence(t.Context(), &stellav1.ReadEvidenceRequest{Sha256: sha256})
	must(t, err)
	var got strings.Builder
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return got.String()
		}
		must(t, err)
		got.Write(resp.GetContent())
	}
}

// TestEvidenceByTrust: what does not verify is kept as such; with another trust root the verdict of now is another, and
// that of then stands until it is added again.
func TestEvidenceByTrust(t *testing.T) {
	d := start(t, nil)
	tampered := strings.Replace(demoBundle(t), `"payload":"eyJfdHlwZSI6`, `"payload":"eyJfdHlwZSY6`, 1)
	tampered = strings.Replace(tampered, `"payload": "eyJfdHlwZSI6`, `"payload": "eyJfdHlwZSY6`, 1)
	resp, err := d.add(t, "", tampered, 1<<20)
	if err != nil || resp.GetEvidence().GetVerdict() != "refused" || resp.GetReason() == "" || len(resp.GetEvidence().GetSubjects()) != 0 {
		t.Fatalf("%v %v", resp, err)
	}
	good, err := d.add(t, "", demoBundle(t), 1<<20)
	must(t, err)
	lay(t, filepath.Join(d.config.Trust, "signers.toml"), "[[signer]]\nname = \"nobody\"\nidentity = \"nobody\"\nissuer = \"nobody\"\n")
	must(t, d.daemon.Reload(t.Context()))
	shown, err := stellav1.NewEvidenceServiceClient(d.admin).ShowEvidence(t.Context(), &stellav1.ShowEvidenceRequest{Sha256: good.GetEvidence().GetSha256()})
	if err != nil || shown.GetVerdict() != "refused" || shown.GetReason() == "" || shown.GetEvidence().GetVerdict() != "verified" {
		t.Errorf("%v %v", shown, err)
	}
	again, err := d.add(t, "", demoBundle(t), 1<<20)
	if err != nil || !again.GetAdded() || again.GetEvidence().GetVerdict() != "refused" || again.GetEvidence().GetTrustSha256() == good.GetEvidence().GetTrustSha256() {
		t.Errorf("%v %v", again, err)
	}
}

// TestEvidenceRefused: what is no evidence, or is asked for by no name, changes nothing.
func TestEvidenceRefused(t *testing.T) {
	d := start(t, nil)
	for why, c := range map[string]struct {
		artifact, text string
		want           stellav1.ErrorReason
	}{
		"nothing":          {"", "", stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
		"junk":             {"", "junk", stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
		"half a bundle":    {"", demoBundle(t)[:500], stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
		"of no form":       {"", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.9+json"}`, stellav1.ErrorReason_ERROR_REASON_NOT_AN_ATTESTATION},
		"the placeholder":  {"sha256:demo123", vex, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
		"a short artifact": {app[:20], vex, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
		"in capitals":      {strings.ToUpper(app), vex, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	} {
		if resp, err := d.add(t, c.artifact, c.text, 1<<20); api.Reason(err) != c.want {
			t.Errorf("%s: %v %v, not %v", why, resp, err, c.want)
		}
	}
	if all := d.list(t, &stellav1.ListEvidenceRequest{}); len(all) != 0 {
		t.Errorf("there is %v", all)
	}
	client := stellav1.NewEvidenceServiceClient(d.admin)
	for name, want := range map[string]stellav1.ErrorReason{
		"": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, "abcde": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST,
		"ABCDEF": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, "abcdef": stellav1.ErrorReason_ERROR_REASON_NO_EVIDENCE,
		"../../../etc/passwd": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST,
	} {
		if _, err := client.ShowEvidence(t.Context(), &stellav1.ShowEvidenceRequest{Sha256: name}); api.Reason(err) != want {
			t.Errorf("show %s: %v", name, err)
		}
	}
	for artifact, want := range map[string]stellav1.ErrorReason{
		"sha256:demo123": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, "sha256:abc": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST,
		"abcdef": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, "sha256:abcdef": stellav1.ErrorReason_ERROR_REASON_NO_EVIDENCE,
	} {
		if _, err := client.ListEvidence(t.Context(), &stellav1.ListEvidenceRequest{Artifact: artifact}); api.Reason(err) != want {
			t.Errorf("list %s: %v", artifact, err)
		}
	}
	if _, err := client.ListEvidence(t.Context(), &stellav1.ListEvidenceRequest{Limit: 1001}); api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST {
		t.Error(err)
	}
}
