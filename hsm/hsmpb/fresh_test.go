package hsmpb

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// buf runs buf in this folder. Without the tools there is nothing to compare with, and nothing is passed over.
func buf(t *testing.T, args ...string) {
	t.Helper()
	tools := filepath.Join("..", "..", "build", "tools")
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

// TestFresh: the Go that is committed is what the proto says now.
func TestFresh(t *testing.T) {
	dir := t.TempDir()
	buf(t, "generate", "-o", dir)
	for _, name := range []string{"hsm.pb.go", "hsm_grpc.pb.go"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what its proto says: run `make generate` (%v)", name, err)
		}
	}
}

func TestLint(t *testing.T) { buf(t, "lint") }
