// Package logging writes the daemon's log: to systemd's journal in its native fields where stderr leads there, else to
// stderr as text.
package logging

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-systemd/v22/journal"
)

// New returns the log. Level is the least that is written.
func New(stderr *os.File, level slog.Level) *slog.Logger {
	if direct, err := journal.StderrIsJournalStream(); err == nil && direct {
		return slog.New(&native{level: level, send: journal.Send, fallback: stderr})
	}
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
}

// native is a handler that gives each attribute as a field STELLA_NAME of its own, so that
// `journalctl STELLA_METHOD=…` finds it.
type native struct {
	level    slog.Level
	send     func(message string, priority journal.Priority, fields map[string]string) error
	fallback io.Writer
	prefix   string // of the groups
	attrs    []prefixed
}

// prefixed is an attribute and the groups that it was given in.
type prefixed struct {
	prefix string
	attr   slog.Attr
}

func (n *native) Enabled(_ context.Context, level slog.Level) bool { return level >= n.level }

// Handle sends one entry. Where the journal does not take it, its text goes to stderr, which systemd hands on.
func (n *native) Handle(_ context.Context, r slog.Record) error {
	e := entry{fields: map[string]string{}}
	e.text.WriteString(oneLine(r.Message))
	for _, a := range n.attrs {
		e.add(a.prefix, a.attr)
	}
	r.Attrs(func(a slog.Attr) bool { e.add(n.prefix, a); return true })
	if err := n.send(e.text.String(), priorityOf(r.Level), e.fields); err != nil {
		_, err = io.WriteString(n.fallback, e.text.String()+"\n")
		return err
	}
	return nil
}

// entry is one entry of the journal while it is made: fields as they are, and all of it as one line of text.
type entry struct {
	fields map[string]string
	text   strings.Builder
}

func (e *entry) add(prefix string, a slog.Attr) {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
	case a.Value.Kind() == slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "_"
		}
		for _, member := range a.Value.Group() {
			e.add(prefix, member)
		}
	default:
		value := a.Value.String()
		e.fields[fieldName(prefix+a.Key)] = value
		e.text.WriteString(" " + oneWord(prefix+a.Key) + "=" + oneWord(value))
	}
}

// oneLine quotes a text that a terminal or a line's end would not show as it is: a stranger's bytes get no line of
// their own in the log.
func oneLine(text string) string {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// oneWord quotes a text that could also pass for more than one key or value.
func oneWord(text string) string {
	if text == "" || strings.ContainsAny(text, ` "=`) {
		return strconv.Quote(text)
	}
	return oneLine(text)
}

func (n *native) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *n
	more.attrs = slices.Clone(n.attrs)
	for _, a := range attrs {
		more.attrs = append(more.attrs, prefixed{n.prefix, a})
	}
	return &more
}

func (n *native) WithGroup(name string) slog.Handler {
	if name == "" {
		return n
	}
	more := *n
	more.prefix = n.prefix + name + "_"
	return &more
}

// fieldName makes a journal field's name: capital letters, digits and underscores, 64 at most. The journal drops a field
// of any other name.
func fieldName(key string) string {
	name := "STELLA_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, key)
	return name[:min(len(name), 64)]
}

func priorityOf(level slog.Level) journal.Priority {
	switch {
	case level >= slog.LevelError:
		return journal.PriErr
	case level >= slog.LevelWarn:
		return journal.PriWarning
	case level >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}
