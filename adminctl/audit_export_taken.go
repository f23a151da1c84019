package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"stellad/audit"
	"stellad/tlog"
)

// The files of an export that say what it is of. docs/formats/audit.md §6.
const (
	exportCheckpoint = "checkpoint"
	exportKey        = "log.vkey"
)

// takenExport is what is known of an export that was written.
type takenExport struct {
	place      exportPlace
	small      map[string]*bytes.Buffer // the files above
	key        *tlog.VerifierKey
	checkpoint *tlog.SignedCheckpoint
}

// put writes a file, and remembers it where it says what the export is of.
func (t *takenExport) put(name string, size int64, content io.Reader) error {
	if name != exportCheckpoint && name != exportKey {
		return t.place.put(name, size, content)
	}
	if size > maxKeyFile {
		return fmt.Errorf("the daemon's %s has %d bytes", name, size)
	}
	if t.small == nil {
		t.small = map[string]*bytes.Buffer{}
	}
	t.small[name] = new(bytes.Buffer)
	return t.place.put(name, size, io.TeeReader(content, t.small[name]))
}

// open reads whose log it is, and of what size. That all of it holds is for "audit verify" to say, elsewhere.
func (t *takenExport) open() (err error) {
	if t.small[exportKey] == nil || t.small[exportCheckpoint] == nil {
		return errCutShort
	}
	if t.key, err = tlog.ParseVerifierKey(strings.TrimSuffix(t.small[exportKey].String(), "\n")); err != nil {
		return fmt.Errorf("%s: %w", exportKey, err)
	}
	t.checkpoint, err = tlog.OpenCheckpoint(t.small[exportCheckpoint].Bytes(), t.key.Name(), []*tlog.VerifierKey{t.key}, tlog.Quorum{})
	if err != nil {
		return fmt.Errorf("%s: %w", exportCheckpoint, err)
	}
	return nil
}

func (t *takenExport) fingerprint() string { return audit.Fingerprint(t.key) }

func records(n uint64) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

var plainWord = regexp.MustCompile(`^[\w./:=@+,-]+$`)

// quoted gives a word as a POSIX shell reads it back.
func quoted(word string) string {
	if plainWord.MatchString(word) && !strings.HasPrefix(word, "-") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
