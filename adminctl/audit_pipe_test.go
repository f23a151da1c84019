//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"stellad/internal/cli"
)

// TestAuditVerifyPipe gives, in place of a file, what would keep its reader waiting for ever.
func TestAuditVerifyPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, exportCheckpoint), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, exit := adminctl(t, "audit verify --export "+dir)
	if exit != cli.StatusBadInput || !strings.Contains(stderr, "not a regular file") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}
