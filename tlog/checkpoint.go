package tlog

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrCheckpoint says that a text is not a checkpoint's.
var ErrCheckpoint = errors.New("not a checkpoint")

// Checkpoint is what a log says of its whole tree at one size. By itself it is a
// claim; OpenCheckpoint verifies who makes it. C2SP tlog-checkpoint, "Note text".
type Checkpoint struct {
	Origin     string   // the log's identity: not empty, one line
	Size       uint64   // the number of leaves
	Root       Hash     // of the tree over the first Size leaves
	Extensions []string // opaque lines, none empty; nil in nearly every log
}

// ParseCheckpoint reads a note's text, without signatures, as a checkpoint: UTF-8
// lines that all end in "\n" and are not empty, of which the first three are the
// origin, the size as a decimal without leading zeros, and the root as 44
// characters of canonical base64. The root of size 0 must be EmptyRoot. A text has at
// most 1 MiB. Errors wrap ErrCheckpoint. C2SP tlog-checkpoint, "Note text".
func ParseCheckpoint(text []byte) (Checkpoint, error) {
	if len(text) > maxText || !validText(text) {
		return Checkpoint{}, fmt.Errorf("%w: over %d bytes, not UTF-8, or a control character", ErrCheckpoint, maxText)
	}
	body, terminated := strings.CutSuffix(string(text), "\n")
	lines := strings.Split(body, "\n")
	if !terminated || len(lines) < 3 {
		return Checkpoint{}, fmt.Errorf("%w: not three lines", ErrCheckpoint)
	}
	for i, line := range lines {
		if line == "" {
			return Checkpoint{}, fmt.Errorf("%w: line %d is empty", ErrCheckpoint, i+1)
		}
	}
	return parseLines(lines)
}

func parseLines(lines []string) (Checkpoint, error) {
	size, ok := parseDecimal(lines[1])
	if !ok {
		return Checkpoint{}, fmt.Errorf("%w: size %.30q", ErrCheckpoint, lines[1])
	}
	root, ok := parseHash(lines[2])
	if !ok {
		return Checkpoint{}, fmt.Errorf("%w: root %.60q", ErrCheckpoint, lines[2])
	}
	if size == 0 && root != EmptyRoot() {
		return Checkpoint{}, fmt.Errorf("%w: the root of no leaves is not %s", ErrCheckpoint, root)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if len(lines) > 3 {
		c.Extensions = lines[3:]
	}
	return c, nil
}

// Marshal gives the text that a log signs: the lines that ParseCheckpoint reads
// back. It checks nothing: an origin or extension that is empty or holds a newline
// gives a text that ParseCheckpoint refuses or reads differently, so whoever signs
// a checkpoint parses it first. C2SP tlog-checkpoint, "Note text".
func (c Checkpoint) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
	for _, line := range c.Extensions {
		fmt.Fprintf(&b, "%s\n", line)
	}
	return b.Bytes()
}
