package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

func answerEvidence(t *testing.T) *evidenceAnswers {
	t.Helper()
	all := sampleEvidence()
	return (&evidenceAnswers{all: all, text: "one\ntwo\n", now: &stellav1.ShowEvidenceResponse{
		Evidence: all[0], Verdict: "refused", Reason: "no accepted signer", TrustSha256: all[0].GetTrustSha256(), VerdictJson: []byte(`{"verified":false}`),
	}}).serve(t)
}

// inFolder works in a folder that has files.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEvidence(t *testing.T) {
	a := answerEvidence(t)
	a.next = 20
	inFolder(t, map[string]string{"good": "good", "bad": "tampered", "folder/a": "good", "folder/b": "junk", "folder/.hidden": "good", "bundle.tar.gz": "bundle"})
	for _, c := range []struct {
		line, file, stderr string
		exit               cli.Status
	}{
		{"evidence list", "evidence-list.txt", "adminctl: there is more: --from 20\n", 0},
		{"evidence list -o json", "evidence-list.json", "", 0},
		{"evidence show " + a.all[0].GetSha256(), "evidence-show.txt", "", 0},
		{"evidence show " + a.all[0].GetSha256()[:6] + " -o json", "evidence-show.json", "", 0},
		{"evidence add good", "evidence-add.txt", "", 0},
		{"evidence add good bad", "evidence-add-two.txt", "", 0},
		{"evidence add folder", "evidence-add-folder.txt", "adminctl: 1 of 2 files were not added\n", 2},
		{"evidence add folder -o json", "evidence-add-folder.json", "adminctl: 1 of 2 files were not added\n", 2},
		{"evidence import bundle.tar.gz", "evidence-import.txt", "", 0},
		{"evidence import bundle.tar.gz -o json", "evidence-import.json", "", 0},
		{"evidence export --artifact sha256:abcdef --out out.tar.gz", "evidence-export.txt", "", 0},
	} {
		t.Run(c.line, func(t *testing.T) {
			stdout, stderr, exit := adminctl(t, c.line)
			if exit != c.exit || stderr != c.stderr {
				t.Errorf("exit %d: %s", exit, stderr)
			}
			golden(t, c.file, stdout)
		})
	}
	if text, err := os.ReadFile("out.tar.gz"); err != nil || string(text) != a.text {
		t.Errorf("exported %q, %v", text, err)
	}
}

// TestEvidenceAsks: what is asked for is what was said.
func TestEvidenceAsks(t *testing.T) {
	a := answerEvidence(t)
	inFolder(t, map[string]string{"f": strings.Repeat("x", 3<<20), "empty": ""})
	adminctl(t, "evidence list --artifact ABCDEF --kind openvex --verdict none --from 7 --limit 9")
	if l := a.list; l.GetArtifact() != "sha256:abcdef" || l.GetKind() != "openvex" || l.GetVerdict() != "none" || l.GetFrom() != 7 || l.GetLimit() != 9 {
		t.Errorf("asked for %v", l)
	}
	digest := "sha256:" + strings.Repeat("ab", 32)
	adminctl(t, "evidence add f empty --artifact "+digest)
	slices.Sort(a.asked)
	if want := []string{digest, digest + " " + strings.Repeat("x", 3<<20)}; !slices.Equal(a.asked, want) {
		t.Errorf("added were %.200q", a.asked)
	}
	adminctl(t, "evidence export --artifact "+digest+" --artifact abcdef --key signing-2026 --out o.tar.gz")
	if e := a.taken; !slices.Equal(e.GetArtifacts(), []string{digest, "sha256:abcdef"}) || e.GetKey() != "signing-2026" {
		t.Errorf("asked for %v", e)
	}
}

// TestEvidenceOut: a document is written whole, under a name that was free, if it is the one that was meant.
func TestEvidenceOut(t *testing.T) {
	a := answerEvidence(t)
	inFolder(t, map[string]string{"there": "mine"})
	sha256 := a.all[0].GetSha256()
	if _, stderr, exit := adminctl(t, "evidence show "+sha256+" --out new"); exit != cli.StatusRefused || !strings.Contains(stderr, "what the daemon sent has the SHA-256") || exists("new") {
		t.Errorf("another document: exit %d, %s", exit, stderr)
	}
	a.text = "1"
	if _, stderr, exit := adminctl(t, "evidence show "+sha256+" --out new"); exit != 0 {
		t.Errorf("exit %d, %s", exit, stderr)
	}
	if text, err := os.ReadFile("new"); err != nil || string(text) != "1" {
		t.Errorf("%q, %v", text, err)
	}
	for _, line := range []string{"evidence show " + sha256 + " --out there", "evidence export --artifact abcdef --out there.tar.gz/x.tar.gz", "evidence export --artifact abcdef --out there"} {
		if _, stderr, exit := adminctl(t, line); exit != cli.StatusBadInput || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %s", line, exit, stderr)
		}
	}
	if text, err := os.ReadFile("there"); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestEvidenceRefuses(t *testing.T) {
	inFolder(t, map[string]string{"f": "x"})
	if err := os.Mkdir("empty", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"evidence", "evidence add", "evidence add f --artifact sha256:demo123", "evidence add f --artifact abcdef", "evidence add empty",
		"evidence list more", "evidence list --artifact sha256:demo123", "evidence list --artifact abcde", "evidence list --artifact md5:abcdef",
		"evidence list --verdict good", "evidence list --limit 0", "evidence list --limit 1001", "evidence list --from -1",
		"evidence show", "evidence show x", "evidence show abcde", "evidence show sha512:abcdef", "evidence show " + strings.Repeat("a", 65),
		"evidence export --out x.tar.gz", "evidence export --artifact abcdef", "evidence export --artifact abcdef --out x.zip", "evidence export --artifact x --out x.tar.gz",
		"evidence import", "evidence import absent", "evidence import empty",
	} {
		if stdout, stderr, exit := adminctl(t, line); exit != cli.StatusBadInput || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", line, exit, stdout, stderr)
		}
	}
}

// TestEvidenceErrors has the daemon fail each command.
func TestEvidenceErrors(t *testing.T) {
	a := answerEvidence(t)
	inFolder(t, map[string]string{"f": "x"})
	for reason, want := range map[stellav1.ErrorReason]cli.Status{
		stellav1.ErrorReason_ERROR_REASON_NO_EVIDENCE: 2, stellav1.ErrorReason_ERROR_REASON_DENIED: 4, stellav1.ErrorReason_ERROR_REASON_READ_ONLY: 1,
		stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED: 3, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE: 7,
	} {
		a.err = api.Error(codes.FailedPrecondition, reason, "no, and why")
		for _, line := range []string{"evidence list", "evidence show abcdef", "evidence add f", "evidence import f", "evidence export --artifact abcdef --out o.tar.gz"} {
			stdout, stderr, exit := adminctl(t, line)
			if exit != want || len(stdout) > 0 || !strings.HasSuffix(stderr, "no, and why\n") || exists("o.tar.gz") {
				t.Errorf("%v, %s: exit %d, stdout %s, stderr %s", reason, line, exit, stdout, stderr)
			}
		}
	}
}

// TestEvidenceHostile has a daemon steer the terminal and forge columns.
func TestEvidenceHostile(t *testing.T) {
	a := answerEvidence(t)
	inFolder(t, map[string]string{"f": "x"})
	for _, e := range a.all {
		e.Kind, e.PredicateType, e.Verdict, e.TrustSha256, e.Subjects = hostile, hostile, hostile, hostile, []string{hostile}
	}
	a.all[0].Sha256, a.now.Reason, a.now.Verdict = hostile, hostile, hostile
	for _, line := range []string{"evidence list", "evidence list -o json", "evidence show abcdef", "evidence add f"} {
		stdout, stderr, exit := adminctl(t, line)
		if exit != 0 || strings.ContainsAny(string(stdout)+stderr, "\x1b\r\t") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", line, exit, stdout, stderr)
		}
	}
}
