package main

import (
	"bytes"
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

const (
	dataDigest  = "6a2b5c2cf8d1ae1e2d9b1a0ed56f0bba1cd9ea1b1d5a3ae29ad3a67a8ce0f5ce"
	otherDigest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" // of "test"
)

// signingDesk is a folder to sign in, and a daemon that does.
func signingDesk(t *testing.T) *signingAnswers {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"artifact": "test", "predicate.json": "{ \"build\": 1.0 }\n", "array.json": "[]", "duplicate.json": `{"a":1,"a":2}`, "empty.json": "",
		"big.json": `{"a":"` + strings.Repeat("a", maxPredicateFile) + `"}`, "note.sigstore.json": "no bundle",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	a := (&signingAnswers{bundle: bundler(t)}).serve(t)
	t.Chdir(dir)
	return a
}

func TestAttestSignPrinted(t *testing.T) {
	signingDesk(t)
	const line = "attest sign --key signing-2026 --subject sha256:" + dataDigest
	const alone = line + " --out ./new-attestation.sigstore.json"
	for _, c := range []struct{ line, file string }{
		{alone, "attest-sign.txt"},
		{alone, "attest-sign-again.txt"},
		{line + " --out other.sigstore.json -o json", "attest-sign.json"},
		{line + " --out other.sigstore.json -o json", "attest-sign-again.json"},
	} {
		stdout, stderr, exit := adminctl(t, c.line)
		if exit != 0 || stderr != "" {
			t.Fatalf("%s: exit %d: %s", c.line, exit, stderr)
		}
		inTestdata(t, c.file, stdout)
	}
	if info, err := os.Stat("new-attestation.sigstore.json"); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestAttestSignAsks(t *testing.T) {
	a := signingDesk(t)
	for _, c := range []struct {
		args, subjects, kind, why string
		predicate                 string
	}{
		{"--subject sha256:" + strings.ToUpper(dataDigest), "=" + dataDigest, "", "", ""},
		{"--subject app=sha256:" + dataDigest + " --why release", "app=" + dataDigest, "", "release", ""},
		{"--subject pkg:oci/app?tag=1=sha256:" + dataDigest, "pkg:oci/app?tag=1=" + dataDigest, "", "", ""},
		{"--subject-file ./artifact --subject a,b=sha256:" + dataDigest, "a,b=" + dataDigest + " artifact=" + otherDigest, "", "", ""},
		{
			"--subject-file artifact --predicate predicate.json --predicate-type https://slsa.dev/provenance/v1",
			"artifact=" + otherDigest, "https://slsa.dev/provenance/v1", "", "{ \"build\": 1.0 }\n",
		},
	} {
		_, stderr, exit := adminctl(t, "attest sign --key sha256:abc --out asks.sigstore.json "+c.args)
		if exit != 0 {
			t.Errorf("%s: exit %d: %s", c.args, exit, stderr)
			continue
		}
		var subjects []string
		for _, s := range a.sign.GetSubjects() {
			subjects = append(subjects, s.GetName()+"="+s.GetDigest()["sha256"])
		}
		if got := strings.Join(subjects, " "); got != c.subjects || a.sign.GetKey() != "abc" || a.sign.GetPredicateType() != c.kind ||
			a.sign.GetWhy() != c.why || string(a.sign.GetPredicate()) != c.predicate {
			t.Errorf("%s: asked for %v", c.args, a.sign)
		}
		if err := os.Remove("asks.sigstore.json"); err != nil {
			t.Error(err)
		}
	}
}

func TestParseSubject(t *testing.T) {
	for text, want := range map[string]string{
		"sha256:" + dataDigest:                                "sha256:" + dataDigest,
		"sha256:" + strings.ToUpper(dataDigest):               "sha256:" + dataDigest,
		"app.tar=sha256:" + dataDigest:                        "app.tar sha256:" + dataDigest,
		"a=b=sha256:" + dataDigest:                            "a=b sha256:" + dataDigest,
		"sha256:x=sha256:" + dataDigest:                       "sha256:x sha256:" + dataDigest,
		"pkg:oci/app@sha256%3Aabc?tag=1=sha256:" + dataDigest: "pkg:oci/app@sha256%3Aabc?tag=1 sha256:" + dataDigest,
	} {
		if got, err := parseSubject(text); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"sha256:demo123":                    `"demo123" is not hexadecimal; after sha256: come 64 digits, as sha256sum prints them`,
		"app=sha256:demo123":                `"demo123" is not hexadecimal; after sha256: come 64 digits, as sha256sum prints them`,
		"sha256:abcdef":                     "6 hexadecimal digits, not 64; sha256sum prints them all",
		"sha256:":                           "0 hexadecimal digits, not 64; sha256sum prints them all",
		"sha256:" + dataDigest + "0":        "65 hexadecimal digits, not 64; sha256sum prints them all",
		"sha256:" + dataDigest[1:]:          "63 hexadecimal digits, not 64; sha256sum prints them all",
		"sha256: " + dataDigest[1:]:         `" ` + dataDigest[1:] + `" is not hexadecimal; after sha256: come 64 digits, as sha256sum prints them`,
		"sha256:sha256:" + dataDigest:       `"sha256:` + dataDigest + `" is not hexadecimal; after sha256: come 64 digits, as sha256sum prints them`,
		"SHA256:" + dataDigest:              "not a digest: sha256: comes first, and a file is given by --subject-file",
		"sha512:" + dataDigest + dataDigest: "not a digest: sha256: comes first, and a file is given by --subject-file",
		dataDigest:                          "not a digest: sha256: comes first, and a file is given by --subject-file",
		"app.tar":                           "not a digest: sha256: comes first, and a file is given by --subject-file",
		"app.tar=" + dataDigest:             "not a digest: sha256: comes first, and a file is given by --subject-file",
		"sha256:" + dataDigest + "=app":     "not a digest: sha256: comes first, and a file is given by --subject-file",
		"app=":                              "not a digest: sha256: comes first, and a file is given by --subject-file",
		"":                                  "not a digest: sha256: comes first, and a file is given by --subject-file",
		"=sha256:" + dataDigest:             "a name comes before the =",
		"sha256:\x1b[2J" + dataDigest[4:]:   `"\x1b[2J` + dataDigest[4:] + `" is not hexadecimal; after sha256: come 64 digits, as sha256sum prints them`,
	} {
		if got, err := parseSubject(text); err == nil || err.Error() != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
}

// TestAttestSignRefuses asks no daemon: what can be found wrong is found before, since a log can't be untold.
func TestAttestSignRefuses(t *testing.T) {
	a := signingDesk(t)
	const good = "--key k --subject sha256:" + dataDigest
	for args, want := range map[string]string{
		"":                                 "",
		"--key k":                          "",
		"--subject sha256:" + dataDigest:   "",
		good + " more":                     "",
		good + " -o yaml":                  "",
		good + " --key=":                   "--key is empty",
		good + " --subject=":               "--subject is empty",
		good + " --why=":                   "--why is empty",
		good + " --predicate array.json":   "predicate-type",
		good + " --predicate-type urn:x:y": "predicate",
		good + " --why x --predicate predicate.json --predicate-type urn:x:y":      "",
		"--key k --subject sha256:demo123":                                         `--subject sha256:demo123: "demo123" is not hexadecimal`,
		"--key k --subject-file absent":                                            "absent: no such file or directory",
		"--key k --subject-file .":                                                 ".: it is a folder; name a file in it",
		good + " --subject sha256:" + dataDigest:                                   "stands there twice",
		good + " --predicate absent.json --predicate-type urn:x:y":                 "absent.json: no such file or directory",
		good + " --predicate array.json --predicate-type urn:x:y":                  "a JSON object is expected",
		good + " --predicate duplicate.json --predicate-type urn:x:y":              "duplicate",
		good + " --predicate empty.json --predicate-type urn:x:y":                  "predicate: ",
		good + " --predicate artifact --predicate-type urn:x:y":                    "predicate: ",
		good + " --predicate big.json --predicate-type urn:x:y":                    "big.json: larger than 2 MiB",
		good + " --predicate predicate.json --predicate-type provenance":           `predicate type "provenance" is not a URI`,
		good + " --why " + strings.Repeat("w", 1025):                               "why of 1025 bytes, more than 1024",
		good + " --why a\x1bb":                                                     "why holds a control character",
		"--key k --subject " + strings.Repeat("n", 1025) + "=sha256:" + dataDigest: "name of 1025 bytes",
		good + " --out x.html":                                                     "name a file that ends in .tar.gz, for an evidence bundle, or in .sigstore.json",
		good + " --out absent/x.sigstore.json":                                     "there is no folder absent",
		good + " --out folder.json":                                                "it is there already, and is no file; nothing is overwritten",
		good + " --out note.sigstore.json":                                         "it is there already, and is no attestation; nothing is overwritten",
	} {
		stdout, stderr, exit := adminctl(t, "attest sign "+args)
		if exit != cli.StatusBadInput || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", args, exit, stdout, stderr)
		}
	}
	if a.sign != nil {
		t.Errorf("the daemon was asked: %v", a.sign)
	}
	if exists("new-attestation.tar.gz") {
		t.Error("a file was written")
	}
}

// TestAttestSignKeepsFiles signs over a file that is there.
func TestAttestSignKeepsFiles(t *testing.T) {
	a := signingDesk(t)
	const line = "attest sign --key k --out a.sigstore.json --subject sha256:"
	if _, stderr, exit := adminctl(t, line+dataDigest); exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	before := read(t, "a.sigstore.json")
	a.sign = nil
	for _, other := range []string{
		line + otherDigest, line + dataDigest + " --why another", line + dataDigest + " --subject-file artifact",
		line + dataDigest + " --predicate predicate.json --predicate-type urn:x:y",
	} {
		if _, stderr, exit := adminctl(t, other); exit != cli.StatusBadInput || a.sign != nil || !strings.HasSuffix(stderr, "--out a.sigstore.json: it is there already, and is another attestation; nothing is overwritten\n") {
			t.Errorf("%s: exit %d: %s", other, exit, stderr)
		}
	}
	if _, stderr, exit := adminctl(t, line+dataDigest); exit != 0 { // the same signature, with a later proof
		t.Errorf("exit %d: %s", exit, stderr)
	}
	a.bundle = bundler(t) // of another key
	_, stderr, exit := adminctl(t, line+dataDigest)
	if exit != cli.StatusBadInput || !strings.Contains(stderr, "it is there already, with another signature; nothing is overwritten; it is signed (record 42), and") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	if !bytes.Equal(before, read(t, "a.sigstore.json")) {
		t.Error("the file changed")
	}
	adminctl(t, line+dataDigest+" --predicate predicate.json --predicate-type urn:x:y --out p.sigstore.json")
	if _, stderr, exit := adminctl(t, line+dataDigest+" --predicate predicate.json --predicate-type urn:x:y --out p.sigstore.json"); exit != 0 {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	if left, _ := filepath.Glob(".*"); len(left) > 0 {
		t.Errorf("left over: %s", left)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAttestSignWrongAnswer has the daemon sign what was not asked for, and send what is no bundle.
func TestAttestSignWrongAnswer(t *testing.T) {
	a := signingDesk(t)
	sign := a.bundle
	for name, bundle := range map[string]func(*stellav1.SignStatementRequest) []byte{
		"other subject": func(r *stellav1.SignStatementRequest) []byte {
			r.Subjects[0].Digest["sha256"] = otherDigest
			return sign(r)
		},
		"one more": func(r *stellav1.SignStatementRequest) []byte {
			r.Subjects = append(r.Subjects, &stellav1.SignStatementRequest_Subject{Digest: map[string]string{"sha256": otherDigest}})
			return sign(r)
		},
		"other reason": func(r *stellav1.SignStatementRequest) []byte { r.Why = "because"; return sign(r) },
		"other predicate": func(r *stellav1.SignStatementRequest) []byte {
			r.PredicateType, r.Predicate = "urn:x:y", []byte("{}")
			return sign(r)
		},
		"no bundle": func(*stellav1.SignStatementRequest) []byte { return []byte("no bundle\x1b[2J") },
		"nothing":   func(*stellav1.SignStatementRequest) []byte { return nil },
		"no signature": func(r *stellav1.SignStatementRequest) []byte {
			return bytes.Replace(sign(r), []byte(`"signatures":[`), []byte(`"signatures":[],"x":[`), 1)
		},
		"other kind": func(r *stellav1.SignStatementRequest) []byte {
			return bytes.Replace(sign(r), []byte("application/vnd.dev.sigstore.bundle"), []byte("text/plain"), 1)
		},
	} {
		a.bundle = bundle
		stdout, stderr, exit := adminctl(t, "attest sign --key k --subject sha256:"+dataDigest)
		if exit != cli.StatusRefused || len(stdout) > 0 || exists("new-attestation.tar.gz") || strings.Contains(stderr, "\x1b") {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", name, exit, stdout, stderr)
		}
	}
}

func TestAttestSignErrors(t *testing.T) {
	a := signingDesk(t)
	for reason, want := range map[stellav1.ErrorReason]cli.Status{
		stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST: 2, stellav1.ErrorReason_ERROR_REASON_NO_KEY: 2, stellav1.ErrorReason_ERROR_REASON_KEY_STATE: 2,
		stellav1.ErrorReason_ERROR_REASON_DENIED: 4, stellav1.ErrorReason_ERROR_REASON_READ_ONLY: 1, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE: 7,
	} {
		a.err = api.Error(codes.FailedPrecondition, reason, "no, and why")
		stdout, stderr, exit := adminctl(t, "attest sign --key k --subject sha256:"+dataDigest)
		if exit != want || len(stdout) > 0 || stderr != "adminctl: no, and why\n" || exists("new-attestation.tar.gz") {
			t.Errorf("%v: exit %d, stdout %s, stderr %s", reason, exit, stdout, stderr)
		}
	}
	if left, _ := os.ReadDir("."); slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
		t.Errorf("left over: %v", left)
	}
}
