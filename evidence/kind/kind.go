// Package kind recognises what a document of evidence is by its bytes, whatever it is called.
//
// To recognise is not to believe, nor to find valid: that is for who reads the kind. What has the marks of no kind, or of
// several, is none. Content is read once, as a stream, and any amount of it takes 32 MiB at most.
package kind

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A Kind is what a document is. It is a word of the audit log.
type Kind string

// The kinds.
const (
	Bundle      Kind = "sigstore-bundle"
	DSSE        Kind = "dsse"
	CycloneDX   Kind = "cyclonedx"
	SPDX        Kind = "spdx"
	SBOMArchive Kind = "sbom-archive"
	Evidence    Kind = "evidence-bundle"
	OpenVEX     Kind = "openvex"
	CSAF        Kind = "csaf-vex"
	Grype       Kind = "grype"
	Trivy       Kind = "trivy"
	SARIF       Kind = "sarif"
	Statement   Kind = "statement" // of in-toto, unsigned
	LogProof    Kind = "log-proof"
	Checkpoint  Kind = "checkpoint"
	Timestamp   Kind = "timestamp"
)

// ErrUnknown is wrapped by every reason for which content is of no kind.
var ErrUnknown = errors.New("not evidence of a kind that is known")

// window is how much of a document's beginning is looked at for its form.
const window = 64 << 10

// Of tells what the content is. Errors wrap ErrUnknown, or are r's.
func Of(r io.Reader) (Kind, error) {
	b := bufio.NewReaderSize(r, window)
	head, err := b.Peek(window)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	for _, f := range forms {
		if f.is(head) {
			return f.of(b)
		}
	}
	return "", fmt.Errorf("%w: neither JSON nor XML, nor a form of its own", ErrUnknown)
}

// forms are how documents begin.
var forms = []struct {
	is func(head []byte) bool
	of func(*bufio.Reader) (Kind, error)
}{
	{begins("\x1f\x8b"), ofArchive},
	{begins("c2sp.org/tlog-proof@v1\n"), always(LogProof)},
	{func(head []byte) bool { return first(head) == '{' }, ofJSON},
	{func(head []byte) bool { return first(head) == '<' }, ofXML},
	{isTagValue, always(SPDX)},
	{isTimestamp, always(Timestamp)},
	{isNote, always(Checkpoint)},
}

func begins(with string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(with)) }
}

func always(k Kind) func(*bufio.Reader) (Kind, error) {
	return func(*bufio.Reader) (Kind, error) { return k, nil }
}

// first is the first byte that is no white space, behind a byte order mark.
func first(head []byte) byte {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 {
		return 0
	}
	return head[0]
}
