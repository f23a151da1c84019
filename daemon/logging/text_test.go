package logging

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// written logs through New to a file and returns what is in it.
func written(t testing.TB, level slog.Level, log func(*slog.Logger)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log(New(f, level))
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestText(t *testing.T) {
	var stderr syscall.Stat_t
	if err := syscall.Fstat(syscall.Stderr, &stderr); err != nil {
		t.Fatal(err)
	}
	for name, stream := range map[string]string{
		"no journal":             "",
		"a journal elsewhere":    fmt.Sprintf("%d:%d", stderr.Dev, stderr.Ino+1),
		"on another device":      fmt.Sprintf("%d:%d", stderr.Dev+1, stderr.Ino),
		"something that is none": "journal",
	} {
		t.Setenv("JOURNAL_STREAM", stream)
		got := written(t, slog.LevelInfo, func(l *slog.Logger) {
			l.Debug("never")
			l.With("a", 1).Info("said", "b", "x\nlevel=ERROR")
		})
		if !strings.HasSuffix(got, ` level=INFO msg=said a=1 b="x\nlevel=ERROR"`+"\n") || strings.Contains(got, "never") || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTextLevel(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	got := written(t, slog.LevelDebug, func(l *slog.Logger) { l.Debug("said") })
	if !strings.Contains(got, "level=DEBUG msg=said") {
		t.Errorf("%q", got)
	}
	got = written(t, slog.LevelError, func(l *slog.Logger) { l.Warn("never") })
	if got != "" {
		t.Errorf("%q", got)
	}
}

// TestNative: where stderr leads to the journal, the fields go there themselves.
func TestNative(t *testing.T) {
	var stderr syscall.Stat_t
	if err := syscall.Fstat(syscall.Stderr, &stderr); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JOURNAL_STREAM", fmt.Sprintf("%d:%d", stderr.Dev, stderr.Ino))
	if h, ok := New(os.Stderr, slog.LevelWarn).Handler().(*native); !ok || h.level != slog.LevelWarn || h.send == nil || h.fallback != os.Stderr {
		t.Errorf("%T %+v", h, h)
	}
}
