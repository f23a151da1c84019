package tagvalue

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"stellad/sbom/fault"
)

// MaxValue caps a value, and a line, in bytes.
const MaxValue = 16 << 20

const (
	opening = "<text>"
	closing = "</text>"
)

// lines cuts a text into fields.
type lines struct {
	r    *bufio.Reader
	line int   // that was read last, from 1
	err  error // what the reader said, but for the end
}

// next gives the next field, or io.EOF after the last.
func (l *lines) next() (Field, error) {
	for {
		text, err := l.read()
		if err != nil {
			return Field{}, err
		}
		if trimmed := strings.TrimSpace(text); trimmed != "" && trimmed[0] != '#' {
			return l.field(text)
		}
	}
}

// read gives one line without its end.
func (l *lines) read() (string, error) {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > MaxValue:
			return "", l.fault("", "a line of more than %d MiB", MaxValue>>20)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			l.err = err
			return "", err
		case err != nil && len(line) == 0:
			return "", io.EOF
		}
		l.line++
		return l.clean(line)
	}
}

func (l *lines) clean(line []byte) (string, error) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if !utf8.Valid(line) {
		return "", l.fault("", "it is not UTF-8")
	}
	if at := bytes.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' && r != '\f' || r == 0x7f }); at >= 0 {
		return "", l.fault("", "a control character (%#x)", line[at])
	}
	return string(line), nil
}

func (l *lines) field(text string) (Field, error) {
	tag, value, ok := strings.Cut(text, ":")
	if !ok || !isTag(tag) {
		return Field{}, l.fault("", "%s is no line of the form Tag: value", fault.Quote(text))
	}
	f := Field{Tag: tag, Value: strings.TrimSpace(value), Line: l.line}
	if !strings.HasPrefix(f.Value, opening) {
		if strings.Contains(f.Value, opening) || strings.Contains(f.Value, closing) {
			return Field{}, l.fault(tag, "%s within a value", opening)
		}
		return f, nil
	}
	return l.longField(f)
}

// longField reads on to the end mark, which must end its line.
func (l *lines) longField(f Field) (Field, error) {
	var b strings.Builder
	part := strings.TrimPrefix(f.Value, opening)
	for {
		before, after, ended := strings.Cut(part, closing)
		b.WriteString(before)
		switch {
		case strings.Contains(before, opening):
			return f, l.fault(f.Tag, "%s within a text", opening)
		case ended && strings.TrimSpace(after) != "":
			return f, l.fault(f.Tag, "there is more after %s", closing)
		case ended:
			f.Value = b.String()
			return f, nil
		case b.Len() > MaxValue:
			return f, l.fault(f.Tag, "a text of more than %d MiB", MaxValue>>20)
		}
		var err error
		if part, err = l.read(); errors.Is(err, io.EOF) {
			return f, fault.At(f.Line, f.Tag, "the text has no %s: the document is cut short", closing)
		} else if err != nil {
			return f, err
		}
		b.WriteByte('\n')
		f.Long = true
	}
}

func isTag(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return text != ""
}

func (l *lines) fault(tag, format string, args ...any) error {
	return fault.At(l.line, tag, format, args...)
}
