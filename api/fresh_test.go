package api

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

var tools = filepath.Join("..", "build", "tools")

// buf runs buf in this folder. Without the tools there is nothing to compare with, and nothing is passed over.
func buf(t *testing.T, args ...string) {
	t.Helper()
	for _, tool := range []string{"buf", "protoc-gen-go", "protoc-gen-go-grpc"} {
		if _, err := os.Stat(filepath.Join(tools, tool)); err != nil {
			t.Fatalf("%v: `make generate` builds it", err)
		}
	}
	cmd := exec.Command(filepath.Join(tools, "buf"), args...)
	cmd.Env = append(os.Environ(), "BUF_CACHE_DIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("buf %s: %v\n%s", args, err, out)
	}
}

// generated is the Go below dir that was made of protos, by name.
func generated(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(dir, "stella", "v1", "*.pb.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = text
	}
	return all
}

// TestFresh: the Go that is committed is what the protos say now.
func TestFresh(t *testing.T) {
	dir := t.TempDir()
	buf(t, "generate", "-o", dir)
	want, got := generated(t, dir), generated(t, ".")
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s is not what its proto says: run `make generate`", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is of no proto", name)
	}
	if protos, err := filepath.Glob("stella/v1/*.proto"); err != nil || len(want) < len(protos) || len(protos) == 0 {
		t.Errorf("%d files of %d protos, %v", len(want), len(protos), err)
	}
}

func TestLint(t *testing.T) { buf(t, "lint") }
