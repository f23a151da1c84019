package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/internal/cli"
)

func TestAuditVerifyPrinted(t *testing.T) {
	log := sampleLog(t)
	export := exportedTo(t, &auditAnswers{log: log, piece: 1 << 20}, "export")
	other := newTestLog(t, 2)
	proof := filepath.Join(t.TempDir(), "proof")
	for _, c := range []struct {
		line, file string
		exit       cli.Status
	}{
		{"audit verify --export EXPORT --key KEY", "audit-verify.txt", 0},
		{"audit verify --export EXPORT --key KEY -o json", "audit-verify.json", 0},
		{"audit verify --export EXPORT", "audit-verify-own-key.txt", 0},
		{"audit verify --export EXPORT -o json", "audit-verify-own-key.json", 0},
		{"audit verify --export EXPORT --key OTHER", "audit-verify-other.txt", 3},
		{"audit verify --export EXPORT --key OTHER -o json", "audit-verify-other.json", 3},
		{"audit prove --export EXPORT --seq 2", "audit-prove.txt", 0},
		{"audit prove --export EXPORT --seq 2 --out PROOF", "", 0},
		{"audit check-proof --proof PROOF --key KEY", "audit-check-proof.txt", 0},
		{"audit check-proof --proof PROOF --key KEY -o json", "audit-check-proof.json", 0},
		{"audit check-proof --proof PROOF --key OTHER", "audit-check-proof-other.txt", 3},
	} {
		t.Run(c.line, func(t *testing.T) {
			line := strings.NewReplacer("EXPORT", export, "OTHER", other.key.String(), "KEY", log.key.String(), "PROOF", proof).Replace(c.line)
			stdout, stderr, exit := adminctl(t, line)
			if exit != c.exit {
				t.Fatalf("exit %d: %s", exit, stderr)
			}
			if c.file != "" {
				golden(t, c.file, stdout)
			}
		})
	}
}

// TestAuditVerifyNamesTheRecord changes a byte of each file, and wants that file to be named, on one line.
func TestAuditVerifyNamesTheRecord(t *testing.T) {
	a := &auditAnswers{log: sampleLog(t), piece: 1 << 20}
	export := exportedTo(t, a, "export")
	for file, want := range map[string]string{
		"records/000000.jsonl": "NOT VERIFIED - records/000000.jsonl", "annotations.jsonl": "annotation", "table.csv": "table.csv",
		"checkpoints/5": "checkpoints/5", "tile/0/000.p/7": "tile/0/000.p/7", "tile/entries/000.p/7": "tile/entries/000.p/7",
	} {
		name := filepath.Join(export, file)
		before, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		after := bytes.Clone(before)
		after[len(after)/2] ^= 1
		write(t, name, after)
		stdout, stderr, exit := adminctl(t, "audit verify --export "+export+" --key "+a.log.key.String())
		if exit != cli.StatusRefused || !bytes.HasPrefix(stdout, []byte("NOT VERIFIED - ")) || bytes.Count(stdout, []byte("\n")) != 1 ||
			!bytes.Contains(stdout, []byte(want)) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d: %s%s", file, exit, stdout, stderr)
		}
		write(t, name, before)
	}
	if _, stderr, exit := adminctl(t, "audit verify --export "+export); exit != 0 {
		t.Errorf("as it was: exit %d: %s", exit, stderr)
	}
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAuditVerifyForeignText(t *testing.T) {
	export := exportedTo(t, &auditAnswers{log: sampleLog(t), piece: 1 << 20}, "export")
	write(t, filepath.Join(export, "verify_audit.py"), []byte("print('VERIFIED')"))
	if stdout, _, exit := adminctl(t, "audit verify --export "+export); exit != 0 || !bytes.Contains(stdout, []byte("verify_audit.py is: not this release's own text")) {
		t.Errorf("exit %d: %s", exit, stdout)
	}
}

// TestAuditVerifyIsNoExport gives what there can be no verdict on.
func TestAuditVerifyIsNoExport(t *testing.T) {
	log := sampleLog(t)
	export := exportedTo(t, &auditAnswers{log: log, piece: 1 << 20}, "export")
	key := " --key " + log.key.String()
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("text.tar.gz"), []byte("no archive"))
	write(t, at("bomb.tar.gz"), archive(t, func(w *tar.Writer) error {
		return w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "checkpoint", Size: 1 << 40, Mode: 0o444})
	}))
	for name, inside := range map[string][]string{"up": {"../x"}, "absolute": {"/x"}, "twice": {"a", "a"}, "below": {"a", "a/b"}, "empty": {}, "foreign": {"x"}, "long": {strings.Repeat("x", 300)}} {
		write(t, at(name+".tar.gz"), archive(t, func(w *tar.Writer) error {
			for _, name := range inside {
				if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o444}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	write(t, at("witness.vkey"), []byte("witness.example/w1+9e3ad9a4+BCL7sg3ehiOh0OyFRdFLPcjjvVPlaHsrgFBzwOM6I4gI"))
	for _, line := range []string{
		"audit verify --export " + at("text.tar.gz"), "audit verify --export " + at("bomb.tar.gz"), "audit verify --export " + at("up.tar.gz"),
		"audit verify --export " + at("absolute.tar.gz"), "audit verify --export " + at("twice.tar.gz"), "audit verify --export " + at("below.tar.gz"),
		"audit verify --export " + at("empty.tar.gz"), "audit verify --export " + at("foreign.tar.gz"), "audit verify --export " + at("long.tar.gz"),
		"audit verify --export " + at("absent"), "audit verify --export " + dir, "audit verify",
		"audit verify --export " + export + " --key nonsense",
		"audit verify --export " + export + " --key " + at("text.tar.gz"),
		"audit verify --export " + export + " --key " + at("witness.vkey"),
		"audit verify --export " + export + " --key " + filepath.Join(export, "log.vkey"),
		"audit verify --export " + export + key + " --baseline " + filepath.Join(export, "checkpoints", "5"),
		"audit verify --export " + export + key + " --baseline " + at("text.tar.gz"),
		"audit verify --export " + export + key + " --baseline " + at("absent"),
		"audit prove --export " + export, "audit prove --export " + export + " --seq 7", "audit prove --export " + export + " --seq -1",
		"audit prove --export " + export + " --seq 1 --out " + filepath.Join(export, "proof"),
		"audit prove --export " + dir + " --seq 1",
		"audit check-proof --proof " + at("text.tar.gz") + key, "audit check-proof --proof " + at("absent") + key,
		"audit check-proof --proof " + at("absent"),
	} {
		stdout, stderr, exit := adminctl(t, line)
		if exit != cli.StatusBadInput || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d: %s%s", line, exit, stdout, stderr)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func archive(t *testing.T, fill func(*tar.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	if err := fill(w); err != nil {
		t.Fatal(err)
	}
	_ = w.Close() // which a file that is announced and not written fails
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAuditBaseline has a log that grew, and one that was made anew.
func TestAuditBaseline(t *testing.T) {
	log := sampleLog(t)
	kept := filepath.Join(t.TempDir(), "kept")
	write(t, kept, log.latest())
	log.deny(t, nil)
	log.checkpoint(t)
	grown := exportedTo(t, &auditAnswers{log: log, piece: 1 << 20}, "export.tar.gz")
	if stdout, stderr, exit := adminctl(t, "audit verify --export "+grown+" --baseline "+kept); exit != 0 || !bytes.Contains(stdout, []byte("appended to the checkpoint of 7 records")) {
		t.Errorf("exit %d: %s%s", exit, stdout, stderr)
	}
	anew := newTestLog(t, 1)
	for range 8 {
		anew.deny(t, nil)
	}
	anew.checkpoint(t)
	forged := exportedTo(t, &auditAnswers{log: anew, piece: 1 << 20}, "export")
	stdout, _, exit := adminctl(t, "audit verify --export "+forged+" --key "+log.key.String()+" --baseline "+kept)
	if exit != cli.StatusRefused || !bytes.HasPrefix(stdout, []byte("NOT VERIFIED - baseline: ")) {
		t.Errorf("exit %d: %s", exit, stdout)
	}
}

func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{"a/b-c.tgz": "a/b-c.tgz", "it's": `'it'\''s'`, "a b": "'a b'", "-x": "'-x'", "$(x)": "'$(x)'"} {
		if got := quoted(word); got != want {
			t.Errorf("%s: %s", word, got)
		}
	}
}
