package logging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/slogtest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"
)

// sent is what the journal was given.
type sent struct {
	text     string
	priority journal.Priority
	fields   map[string]string
}

// recording returns a log whose entries go to the sent that it returns too; fail refuses them.
func recording(level slog.Level, fail error) (*slog.Logger, *sent, *bytes.Buffer) {
	last, stderr := &sent{}, &bytes.Buffer{}
	return slog.New(&native{level: level, fallback: stderr, send: func(text string, p journal.Priority, fields map[string]string) error {
		*last = sent{text, p, fields}
		return fail
	}}), last, stderr
}

type late struct{ v slog.Value }

func (l late) LogValue() slog.Value { return l.v }

func TestFields(t *testing.T) {
	for _, c := range []struct {
		name   string
		log    func(*slog.Logger)
		text   string
		fields map[string]string
	}{
		{"a message alone", func(l *slog.Logger) { l.Info("ready") }, "ready", map[string]string{}},
		{
			"attributes of all kinds",
			func(l *slog.Logger) {
				l.Info("m", "method", "/a.B/C", "uid", 7, "took", time.Second, "ok", true, "error", errors.New("no"))
			},
			"m method=/a.B/C uid=7 took=1s ok=true error=no",
			map[string]string{"STELLA_METHOD": "/a.B/C", "STELLA_UID": "7", "STELLA_TOOK": "1s", "STELLA_OK": "true", "STELLA_ERROR": "no"},
		},
		{
			"groups, and what was given before them",
			func(l *slog.Logger) { l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").Info("m", "c", 3) },
			"m a=1 g_b=2 g_h_c=3",
			map[string]string{"STELLA_A": "1", "STELLA_G_B": "2", "STELLA_G_H_C": "3"},
		},
		{
			"a group among the attributes",
			func(l *slog.Logger) { l.WithGroup("g").Info("m", slog.Group("h", "a", 1, slog.Group("", "b", 2))) },
			"m g_h_a=1 g_h_b=2",
			map[string]string{"STELLA_G_H_A": "1", "STELLA_G_H_B": "2"},
		},
		{
			"nothing in what has no name",
			func(l *slog.Logger) { l.WithGroup("").With(slog.Attr{}).Info("m", slog.Attr{}, slog.Group("g")) },
			"m",
			map[string]string{},
		},
		{
			"a value that says itself when asked",
			func(l *slog.Logger) {
				l.Info("m", "a", late{slog.StringValue("x")}, "b", late{slog.GroupValue(slog.Int("c", 1))})
			},
			"m a=x b_c=1",
			map[string]string{"STELLA_A": "x", "STELLA_B_C": "1"},
		},
		{"no value", func(l *slog.Logger) { l.Info("m", "a", nil, "b", "") }, `m a=<nil> b=""`, map[string]string{"STELLA_A": "<nil>", "STELLA_B": ""}},
	} {
		log, got, _ := recording(slog.LevelInfo, nil)
		c.log(log)
		if got.text != c.text || cmp.Diff(c.fields, got.fields) != "" {
			t.Errorf("%s: %q %v, want %q %v", c.name, got.text, got.fields, c.text, c.fields)
		}
	}
}

// TestBranches: what one log is given does not show in another that was made of the same.
func TestBranches(t *testing.T) {
	log, got, _ := recording(slog.LevelInfo, nil)
	base := log.With("a", 1, "b", 2, "c", 3)
	left, right := base.With("l", 4), base.WithGroup("g").With("r", 5)
	left.Info("m")
	if got.text != "m a=1 b=2 c=3 l=4" {
		t.Error(got.text)
	}
	right.Info("m")
	if got.text != "m a=1 b=2 c=3 g_r=5" {
		t.Error(got.text)
	}
	base.Info("m", "x", 6)
	if got.text != "m a=1 b=2 c=3 x=6" {
		t.Error(got.text)
	}
}

func TestPriorities(t *testing.T) {
	for level, want := range map[slog.Level]journal.Priority{
		slog.LevelDebug - 4: journal.PriDebug, slog.LevelDebug: journal.PriDebug, slog.LevelInfo - 1: journal.PriDebug,
		slog.LevelInfo: journal.PriInfo, slog.LevelInfo + 1: journal.PriInfo,
		slog.LevelWarn: journal.PriWarning, slog.LevelError - 1: journal.PriWarning,
		slog.LevelError: journal.PriErr, slog.LevelError + 4: journal.PriErr,
	} {
		log, got, _ := recording(slog.LevelDebug-8, nil)
		log.Log(t.Context(), level, "m")
		if got.text != "m" || got.priority != want {
			t.Errorf("%v: priority %d, want %d", level, got.priority, want)
		}
	}
}

func TestBelowLevel(t *testing.T) {
	log, got, stderr := recording(slog.LevelWarn, errors.New("no journal"))
	log.Info("m")
	log.With("a", 1).WithGroup("g").Debug("m")
	if got.text != "" || stderr.Len() > 0 {
		t.Errorf("sent %q, written %q", got.text, stderr)
	}
}

// threePairs is a line of one message and three attributes, the last of which is end=1.
var threePairs = regexp.MustCompile(`^m( ([^ "=]+|"([^"\\]|\\.)*")=([^ "=]+|"([^"\\]|\\.)*")){2} end=1$`)

// shows tells whether a terminal shows text as it is.
func shows(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// TestHostileMessage: a message is constant in this program; one that is not stays a line too.
func TestHostileMessage(t *testing.T) {
	for _, hostile := range []string{"a\nb", "a\r", "\x1b[2J", "\xff", "\u202e"} {
		log, got, _ := recording(slog.LevelInfo, nil)
		if log.Info(hostile); !shows(got.text) {
			t.Errorf("%q", got.text)
		}
	}
}

var journalField = regexp.MustCompile(`^STELLA_[A-Z0-9_]{0,57}$`)

// TestHostile: nothing that a stranger has put into a value or a name becomes a line, a key or a field of its own.
// Fields hold values as they are: the journal frames them.
func TestHostile(t *testing.T) {
	for _, hostile := range []string{
		"a\nb", "a\n<0>kernel panic", "a\r\nMESSAGE=b", "a\x00b", "\xff\xfe", "a\x1b[2Jb", "a b", "a=b", `a"b`,
		"\u202eb", "\u2028", "\u009b2J", "\n", " ", strings.Repeat("x\n", 1<<16),
	} {
		for _, fail := range []error{nil, errors.New("no journal")} {
			log, got, stderr := recording(slog.LevelInfo, fail)
			log.Info("m", hostile, hostile, "error", fmt.Errorf("%s", hostile), "end", 1)
			line := got.text
			if fail != nil {
				line = strings.TrimSuffix(stderr.String(), "\n")
			}
			if !threePairs.MatchString(line) || !shows(line) {
				t.Errorf("%.20q is shown as %.80q", hostile, line)
			}
			for name, value := range got.fields {
				if !journalField.MatchString(name) {
					t.Errorf("%.20q makes a field %.80q", hostile, name)
				}
				if value != hostile && value != "1" {
					t.Errorf("%.20q is told as %.80q", hostile, value)
				}
			}
			if len(got.fields) != 3 {
				t.Errorf("%.20q makes %d fields", hostile, len(got.fields))
			}
		}
	}
}

func TestFieldName(t *testing.T) {
	for key, want := range map[string]string{
		"method": "STELLA_METHOD", "in_force": "STELLA_IN_FORCE", "In-Force": "STELLA_IN_FORCE", "a.b c": "STELLA_A_B_C",
		"é": "STELLA__", "\xff": "STELLA__", "a=b\nMESSAGE": "STELLA_A_B_MESSAGE", "": "STELLA_", "_pid": "STELLA__PID",
		strings.Repeat("k", 100): "STELLA_" + strings.Repeat("K", 57),
	} {
		if got := fieldName(key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}

// TestFallback: an entry that the journal does not take is not lost, and one that nobody takes is an error.
func TestFallback(t *testing.T) {
	log, _, stderr := recording(slog.LevelInfo, errors.New("no journal"))
	log.Warn("first", "a", 1)
	log.Error("second", "b", "x\ny")
	if got, want := stderr.String(), "first a=1\nsecond b=\"x\\ny\"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	log, _, stderr = recording(slog.LevelInfo, nil)
	log.Warn("m")
	if stderr.Len() > 0 {
		t.Errorf("said twice: %q", stderr)
	}
	full := &native{fallback: closed{}, send: func(string, journal.Priority, map[string]string) error { return errors.New("no journal") }}
	if err := full.Handle(context.Background(), slog.Record{Message: "m"}); !errors.Is(err, errClosed) {
		t.Errorf("%v", err)
	}
}

var errClosed = errors.New("closed")

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errClosed }

// TestSlog is the standard library's test of handlers. Time and level are the journal's to write, so they are put in
// here; groups are the capital letters of its cases.
func TestSlog(t *testing.T) {
	var got *sent
	slogtest.Run(t, func(*testing.T) slog.Handler {
		var log *slog.Logger
		log, got, _ = recording(slog.LevelInfo, nil)
		return log.Handler()
	}, func(t *testing.T) map[string]any {
		message, _, _ := strings.Cut(got.text, " ")
		all := map[string]any{slog.MessageKey: message, slog.LevelKey: got.priority}
		if !strings.HasSuffix(t.Name(), "/zero-time") {
			all[slog.TimeKey] = "the journal's"
		}
		for name, value := range got.fields {
			put(all, strings.Split(strings.TrimPrefix(name, "STELLA_"), "_"), value)
		}
		return all
	})
}

func put(in map[string]any, path []string, value string) {
	if len(path) == 1 {
		in[strings.ToLower(path[0])] = value
		return
	}
	inner, ok := in[path[0]].(map[string]any)
	if !ok {
		inner = map[string]any{}
		in[path[0]] = inner
	}
	put(inner, path[1:], value)
}
