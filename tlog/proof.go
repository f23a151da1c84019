package tlog

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// ErrProofFormat says that a text is not a transparency log proof.
var ErrProofFormat = errors.New("not a tlog-proof")

const proofHeader = "c2sp.org/tlog-proof@v1"

// Proof shows with nothing but keys that a record is in a log. C2SP tlog-proof.
type Proof struct {
	Index      uint64 // of the record in the log, from 0
	Hashes     []Hash // the inclusion proof, from the leaf's sibling up
	Extra      []byte // what an application put there; authenticated by nothing; nil if absent
	Checkpoint []byte // the log's checkpoint, a signed note, verbatim; not empty
}

// ParseProof reads a tlog-proof: the header, an optional line of extra data that is
// not empty, the index, any number of hashes, a blank line, and the checkpoint, each
// in its one canonical form. The checkpoint is kept as it stands: Verify judges it.
// A proof has at most 1 MiB. Errors wrap ErrProofFormat. C2SP tlog-proof, "Format".
func ParseProof(text []byte) (*Proof, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: over %d bytes", ErrProofFormat, maxText)
	}
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	if !found || len(checkpoint) == 0 {
		return nil, fmt.Errorf("%w: no checkpoint after a blank line", ErrProofFormat)
	}
	p := &Proof{Checkpoint: bytes.Clone(checkpoint)}
	if err := p.parseHead(strings.Split(string(head), "\n")); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProofFormat, err)
	}
	return p, nil
}

func (p *Proof) parseHead(lines []string) error {
	if lines[0] != proofHeader {
		return fmt.Errorf("its first line is not %s", proofHeader)
	}
	lines, err := p.parseExtra(lines[1:])
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return errors.New("no index")
	}
	digits, prefixed := strings.CutPrefix(lines[0], "index ")
	index, decimal := parseDecimal(digits)
	if !prefixed || !decimal {
		return fmt.Errorf("index line %.40q", lines[0])
	}
	p.Index = index
	for _, line := range lines[1:] {
		h, ok := parseHash(line)
		if !ok {
			return fmt.Errorf("hash %.60q", line)
		}
		p.Hashes = append(p.Hashes, h)
	}
	return nil
}

// parseExtra takes the line of extra data, if the first is one, and gives the rest.
func (p *Proof) parseExtra(lines []string) ([]string, error) {
	if len(lines) == 0 {
		return lines, nil
	}
	b64, found := strings.CutPrefix(lines[0], "extra ")
	if !found {
		return lines, nil
	}
	extra, canonical := decodeBase64(b64)
	if !canonical || len(extra) == 0 {
		return nil, errors.New("the extra data is empty or not base64")
	}
	p.Extra = extra
	return lines[1:], nil
}

// Marshal gives the text that ParseProof reads back, without a line of extra data
// where Extra is empty. C2SP tlog-proof, "Format".
func (p *Proof) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\n")
	if len(p.Extra) > 0 {
		fmt.Fprintf(&b, "extra %s\n", base64.StdEncoding.EncodeToString(p.Extra))
	}
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// Verify checks that leaf, the LeafHash of a record, stands at p.Index under p's
// checkpoint, which OpenCheckpoint must accept for origin, log and q; size and root
// are the checkpoint's. Extra is not looked at. Errors are OpenCheckpoint's, or wrap
// ErrProof. C2SP tlog-proof; RFC 6962 §2.1.1.
func (p *Proof) Verify(leaf Hash, origin string, log []*VerifierKey, q Quorum) (*SignedCheckpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, origin, log, q)
	if err != nil {
		return nil, err
	}
	if err := VerifyInclusion(leaf, p.Index, c.Size, p.Hashes, c.Root); err != nil {
		return nil, err
	}
	return c, nil
}
