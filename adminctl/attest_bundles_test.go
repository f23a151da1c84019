package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
)

// TestWorkerPanics: a panic while a file is verified is this program's fault,
// exit 1, and never the status of bad input or of a verdict.
func TestWorkerPanics(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.json")
	if err := os.WriteFile(file, []byte(`{"payload":"","payloadType":"x","signatures":[{"sig":"AA=="}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	root := &cobra.Command{Use: "stella", RunE: func(cmd *cobra.Command, _ []string) error {
		_, err := verification{judgeHere{}, 1 << 20}.all(cmd.Context(), []string{file}, progress{}) // it has no verifier
		return err
	}}
	var stderr bytes.Buffer
	if got := cli.Execute(root, nil, &bytes.Buffer{}, &stderr); got != cli.StatusFailed {
		t.Errorf("exit status %d", got)
	}
	if !strings.HasPrefix(stderr.String(), "stella: a fault in this program") || !strings.Contains(stderr.String(), "attest.(*Verifier).Verify") {
		t.Errorf("stderr: %s", &stderr)
	}
}

// TestInterrupted: no verdict is made up for files that were not reached.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (verification{}).all(ctx, []string{"a", "b"}, progress{}); cli.StatusOf(err) != cli.StatusInterrupted {
		t.Errorf("%v", err)
	}
}
