package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/attest/trust"
	"stellad/internal/cli"
)

// trustDesk is a daemon that publishes what package publish tests with, and an empty folder.
func trustDesk(t *testing.T) *signingAnswers {
	t.Helper()
	publishedTrust(t) // and leaves for a folder of it
	files, err := trust.Files("trust")
	if err != nil {
		t.Fatal(err)
	}
	a := &signingAnswers{}
	for _, f := range files {
		if !strings.HasPrefix(f.Name, "ci/") {
			a.trust = append(a.trust, &stellav1.ExportTrustResponse_File{Name: f.Name, Content: f.Bytes})
		}
	}
	return a.serve(t)
}

func TestTrustExportPrinted(t *testing.T) {
	trustDesk(t)
	for _, c := range []struct{ line, file string }{
		{"trust export --out out", "trust-export.txt"}, {"trust export --out out.json -o json", "trust-export.json"},
	} {
		stdout, stderr, exit := adminctl(t, c.line)
		if exit != 0 || stderr != "" {
			t.Fatalf("%s: exit %d: %s", c.line, exit, stderr)
		}
		inTestdata(t, c.file, stdout)
	}
	stdout, _, exit := adminctl(t, "trust show --trust-root out")
	if exit != 0 || !strings.Contains(string(stdout), "keys/signing-2026.pem") {
		t.Errorf("exit %d: %s", exit, stdout)
	}
	err := filepath.WalkDir("out", func(name string, d fs.DirEntry, err error) error {
		info, err1 := d.Info()
		if err != nil || err1 != nil || info.Mode().Perm() != map[bool]fs.FileMode{true: 0o755, false: 0o644}[d.IsDir()] {
			t.Errorf("%s: %v, %v, %v", name, info.Mode(), err, err1)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTrustExportPlaces writes into an empty folder and over nothing.
func TestTrustExportPlaces(t *testing.T) {
	a := trustDesk(t)
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, stderr, exit := adminctl(t, "trust export --out empty"); exit != 0 {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	a.err = api.Error(codes.Internal, stellav1.ErrorReason_ERROR_REASON_INTERNAL, "asked")
	for args, want := range map[string]string{
		"":                         "",
		"--out=":                   "--out is empty",
		"--out new -o yaml":        "",
		"--out new more":           "",
		"--out empty":              "--out empty: it is a folder with something in it; nothing is overwritten",
		"--out other":              "--out other: it is a folder with something in it; nothing is overwritten",
		"--out .":                  "--out .: it is a folder with something in it; nothing is overwritten",
		"--out other/signers.toml": "--out other/signers.toml: it is there already; nothing is overwritten",
		"--out absent/new":         "--out absent/new: there is no folder absent",
		"--out new.tar.gz":         "--out new.tar.gz: a trust root is a folder, and no archive is written",
	} {
		stdout, stderr, exit := adminctl(t, "trust export "+args)
		if exit != cli.StatusBadInput || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", args, exit, stdout, stderr)
		}
	}
	if _, stderr, exit := adminctl(t, "trust export --out new"); exit != cli.StatusFailed || stderr != "adminctl: asked\n" || exists("new") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}

// TestTrustExportWrongAnswer has the daemon send what is no trust root, or more than one.
func TestTrustExportWrongAnswer(t *testing.T) {
	a := trustDesk(t)
	good := a.trust
	file := func(name, text string) []*stellav1.ExportTrustResponse_File {
		return append(good[:len(good):len(good)], &stellav1.ExportTrustResponse_File{Name: name, Content: []byte(text)})
	}
	for name, files := range map[string][]*stellav1.ExportTrustResponse_File{
		"nothing":       nil,
		"bad key":       file("keys/x.pem", "no key"),
		"unread":        file("README", "read me"),
		"hidden":        file(".hidden/keys/x.pem", string(good[0].GetContent())),
		"outside":       file("../x.vkey", "x"),
		"absolute":      file("/tmp/x.vkey", "x"),
		"twice":         file(good[0].GetName(), string(good[0].GetContent())),
		"below a file":  file("signers.toml/x", "x"),
		"no name":       file("", "x"),
		"the folder":    file(".", "x"),
		"steers\x1b[2J": file("keys/\x1b[2J.pem", "no key"),
	} {
		a.trust = files
		stdout, stderr, exit := adminctl(t, "trust export --out new")
		if exit != cli.StatusRefused && exit != cli.StatusFailed || len(stdout) > 0 || strings.Contains(stderr, "\x1b") || exists("new") {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", name, exit, stdout, stderr)
		}
	}
	if left, _ := filepath.Glob(".new*"); len(left) > 0 || exists("../x.vkey") {
		t.Errorf("left over: %s", left)
	}
}
