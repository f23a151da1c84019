package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/internal/cli"
)

// exportedTo has the daemon of a log export to a name in a new folder.
func exportedTo(t *testing.T, a *auditAnswers, name string) string {
	t.Helper()
	a.serve(t)
	name = filepath.Join(t.TempDir(), name)
	if stdout, stderr, exit := adminctl(t, "audit export --out "+name); exit != 0 {
		t.Fatalf("exit %d: %s%s", exit, stdout, stderr)
	}
	return name
}

// TestAuditExportVerifies exports in pieces of each size, to each kind of place.
func TestAuditExportVerifies(t *testing.T) {
	log := sampleLog(t)
	for _, piece := range []int{7, 64, 1 << 20} {
		for _, name := range []string{"export", "export.tar.gz", "export.tgz"} {
			export := exportedTo(t, &auditAnswers{log: log, piece: piece}, name)
			stdout, stderr, exit := adminctl(t, "audit verify --export "+export+" --key "+log.key.String())
			if exit != 0 || stderr != "" {
				t.Fatalf("%s in pieces of %d: exit %d: %s%s", name, piece, exit, stdout, stderr)
			}
			onlyOne(t, export)
		}
	}
}

// onlyOne wants nothing beside a file or folder: no temporary one, and none of verification's.
func onlyOne(t *testing.T, name string) {
	t.Helper()
	beside, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(beside) != 1 {
		t.Errorf("%s is not alone: %v, %v", name, beside, err)
	}
}

func TestAuditExportPrinted(t *testing.T) {
	a := &auditAnswers{log: sampleLog(t), piece: 1 << 20}
	a.serve(t)
	t.Chdir(t.TempDir())
	stdout, stderr, exit := adminctl(t, "audit export --out march/it's")
	if exit != cli.StatusBadInput || len(stdout) > 0 || !strings.Contains(stderr, "no folder march") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	if err := os.WriteFile("earlier", a.log.checkpoints[0], 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, exit = adminctl(t, "audit export --out it's --since earlier")
	if exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	partial, _, exit := adminctl(t, "audit verify --export it's --baseline earlier")
	if exit != 0 {
		t.Fatalf("exit %d: %s", exit, partial)
	}
	t.Chdir(goldenDir)
	golden(t, "audit-export-since.txt", stdout)
	golden(t, "audit-verify-since.txt", partial)
}

// goldenDir is where the tests begin.
var goldenDir, _ = os.Getwd()

// TestAuditExportPlaces never overwrites anything.
func TestAuditExportPlaces(t *testing.T) {
	a := &auditAnswers{log: sampleLog(t), piece: 1 << 20}
	a.serve(t)
	dir := t.TempDir()
	for _, name := range []string{"empty", "full", "full/below", "archive.tar.gz"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"file": "kept", "file.tar.gz": "kept"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("empty", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"full", "archive.tar.gz", "file", "file.tar.gz", "link", "absent/name", "file/name"} {
		if stdout, stderr, exit := adminctl(t, "audit export --out "+filepath.Join(dir, name)); exit != cli.StatusBadInput || len(stdout) > 0 {
			t.Errorf("%s: exit %d: %s%s", name, exit, stdout, stderr)
		}
	}
	if _, stderr, exit := adminctl(t, "audit export --out "+filepath.Join(dir, "empty")); exit != 0 {
		t.Errorf("an empty folder: exit %d: %s", exit, stderr)
	}
	t.Chdir(filepath.Join(dir, "full", "below"))
	if _, stderr, exit := adminctl(t, "audit export --out ."); exit != 0 {
		t.Errorf("the current folder, empty: exit %d: %s", exit, stderr)
	}
	if _, _, exit := adminctl(t, "audit verify --export "+filepath.Join(dir, "full", "below")); exit != 0 {
		t.Errorf("which does not verify: %d", exit)
	}
	for _, name := range []string{"file", "file.tar.gz"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); string(text) != "kept" {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
}

// TestAuditExportCutShort leaves nothing of an export that is not whole, or that would get out of its folder.
func TestAuditExportCutShort(t *testing.T) {
	whole := func(put audit.Sink, names ...string) error {
		for _, name := range names {
			if err := put(name, 1, strings.NewReader("x")); err != nil {
				return err
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		exports func(put audit.Sink) error
		exit    cli.Status
	}{
		"nothing":          {func(audit.Sink) error { return nil }, 1},
		"no checkpoint":    {func(put audit.Sink) error { return whole(put, "log.vkey") }, 1},
		"checkpoint first": {func(put audit.Sink) error { return whole(put, "checkpoint", "log.vkey") }, 1},
		"no key":           {func(put audit.Sink) error { return whole(put, "checkpoint") }, 3},
		"no log's key":     {func(put audit.Sink) error { return whole(put, "log.vkey", "checkpoint") }, 3},
		"it fails": {func(put audit.Sink) error {
			return errors.Join(whole(put, "log.vkey"), api.Error(codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED, "record 3"))
		}, 3},
		"upward":         {func(put audit.Sink) error { return whole(put, "../x") }, 1},
		"absolute":       {func(put audit.Sink) error { return whole(put, "/x") }, 1},
		"dot":            {func(put audit.Sink) error { return whole(put, ".") }, 1},
		"twice":          {func(put audit.Sink) error { return whole(put, "a", "a") }, 1},
		"below a file":   {func(put audit.Sink) error { return whole(put, "a", "a/b") }, 1},
		"a file too big": {func(put audit.Sink) error { return put("checkpoint", 1<<21, io.LimitReader(zeros{}, 1<<21)) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := &auditAnswers{log: newTestLog(t, 1), piece: 1 << 20, exports: c.exports}
			a.serve(t)
			for _, out := range []string{"x", "x.tar.gz"} {
				dir := t.TempDir()
				stdout, stderr, exit := adminctl(t, "audit export --out "+filepath.Join(dir, out))
				left, err := os.ReadDir(dir)
				if err != nil || len(left) > 0 || len(stdout) > 0 || stderr == "" {
					t.Errorf("exit %d: %s%s; left %v, %v", exit, stdout, stderr, left, err)
				}
				if exit != c.exit {
					t.Errorf("exit %d, want %d: %s", exit, c.exit, stderr)
				}
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestAuditExportPieces holds the pieces to their files.
func TestAuditExportPieces(t *testing.T) {
	piece := func(name, content string, size int64) *stellav1.ExportResponse {
		return &stellav1.ExportResponse{Name: name, Content: []byte(content), Size: size}
	}
	for name, pieces := range map[string][]*stellav1.ExportResponse{
		"negative":          {piece("a", "", -1)},
		"too long":          {piece("a", "xyz", 2)},
		"too long at last":  {piece("a", "x", 2), piece("a", "yz", 2)},
		"cut short":         {piece("a", "x", 2)},
		"another name":      {piece("a", "x", 2), piece("b", "y", 2)},
		"another size":      {piece("a", "x", 2), piece("a", "y", 3)},
		"a piece of naught": {piece("a", "x", 2), piece("a", "", 2)},
		"the name again":    {piece("checkpoint", "xy", 2), piece("checkpoint", "", 2)},
	} {
		t.Run(name, func(t *testing.T) {
			s := &exportSource{stream: &pieceStream{pieces: pieces}}
			err := s.begin()
			if err == nil {
				err = s.each(func(_ string, _ int64, content io.Reader) error {
					_, err := io.Copy(io.Discard, content)
					return err
				})
			}
			if err == nil {
				t.Error("it is taken for an export")
			}
		})
	}
}

// pieceStream is what a daemon sends, with no daemon: it would send no such pieces.
type pieceStream struct {
	grpc.ServerStreamingClient[stellav1.ExportResponse]
	pieces []*stellav1.ExportResponse
}

func (s *pieceStream) Recv() (*stellav1.ExportResponse, error) {
	if len(s.pieces) == 0 {
		return nil, io.EOF
	}
	first := s.pieces[0]
	s.pieces = s.pieces[1:]
	return first, nil
}

// TestAuditExportRefused leaves the place as it was.
func TestAuditExportRefused(t *testing.T) {
	a := &auditAnswers{log: newTestLog(t, 1), err: api.Error(codes.PermissionDenied, stellav1.ErrorReason_ERROR_REASON_DENIED, "no role")}
	a.serve(t)
	dir := filepath.Join(t.TempDir(), "empty")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, stderr, exit := adminctl(t, "audit export --out "+dir); exit != cli.StatusForbidden || stderr != "adminctl: no role\n" {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	if !isFolder(dir) {
		t.Error("the empty folder is gone")
	}
	onlyOne(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "since"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, since := range []string{"absent", filepath.Join(dir, "since"), dir} {
		if _, stderr, exit := adminctl(t, "audit export --out x --since "+since); exit != cli.StatusBadInput {
			t.Errorf("--since %s: exit %d: %s", since, exit, stderr)
		}
	}
}
