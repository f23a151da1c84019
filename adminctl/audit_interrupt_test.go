package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/audit"
	"stellad/internal/cli"
)

// interruptSelf does what ctrl-C does.
func interruptSelf() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Signal(os.Interrupt)
	}
}

// TestAuditExportInterrupted leaves nothing of what was under way.
func TestAuditExportInterrupted(t *testing.T) {
	for _, out := range []string{"x", "x.tar.gz"} {
		release := make(chan struct{})
		a := &auditAnswers{log: newTestLog(t, 1), piece: 1, exports: func(put audit.Sink) error {
			err := put("records/000000.jsonl", 3, strings.NewReader("abc"))
			interruptSelf()
			<-release
			return err
		}}
		a.serve(t)
		dir := t.TempDir()
		stdout, stderr, exit := adminctl(t, "audit export --out "+filepath.Join(dir, out))
		close(release)
		if exit != cli.StatusInterrupted || len(stdout) > 0 || stderr != "adminctl: interrupted\n" {
			t.Errorf("%s: exit %d: %s%s", out, exit, stdout, stderr)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left over: %v, %v", out, left, err)
		}
	}
}

// TestAuditVerifyInterrupted removes what it unpacked.
func TestAuditVerifyInterrupted(t *testing.T) {
	export := exportedTo(t, &auditAnswers{log: sampleLog(t), piece: 1 << 20}, "export.tar.gz")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, interrupt := context.WithCancel(context.Background())
	files, closeExport, err := openExport(ctx, export)
	if err != nil {
		t.Fatal(err)
	}
	interrupt()
	if _, err := audit.Verify(files, audit.VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a verdict after the interruption: %v", err)
	}
	closeExport()
	if _, _, err := openExport(ctx, export); !errors.Is(err, context.Canceled) {
		t.Errorf("it was unpacked all the same: %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
