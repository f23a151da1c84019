package tlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNote says that bytes are not a signed note.
var ErrNote = errors.New("not a signed note")

// ErrSignature says that a note does not bear the signature that it needs, or
// bears a false one.
var ErrSignature = errors.New("signature does not hold")

// maxSignatures bounds the signature lines of a note, each of which may cost a
// verification. The specification wants at least 16.
const maxSignatures = 100

// keyIDSize is the length of the key ID before each signature, in bytes.
const keyIDSize = 4

// Signature is one signature that was verified.
type Signature struct {
	Key  *VerifierKey
	Time time.Time // when a cosignature was made, by its own claim, UTC; zero for other signatures
}

// Note is a text with at least one verified signature. C2SP signed-note.
type Note struct {
	Text     []byte      // what was signed: UTF-8, ends in "\n"; without the blank line after it
	Verified []Signature // one for each key that signed, in the order of their lines; never empty
	Unknown  int         // signature lines by keys that were not given: no part of any proof
}

// OpenNote verifies a signed note. At least one of keys must have signed it, and
// each signature line by one of keys must hold, even where a key has several.
// Lines by other keys are counted and skipped, but must be well-formed. A note has
// at most 1 MiB and 100 signature lines. Errors wrap ErrNote where the form is
// wrong, ErrSignature where a signature is false or lacking, ErrKey where two
// different keys share a name and an ID. C2SP signed-note, "Format" and
// "Signatures".
func OpenNote(msg []byte, keys ...*VerifierKey) (*Note, error) {
	known, err := newKeyring(keys)
	if err != nil {
		return nil, err
	}
	text, lines, err := splitNote(msg)
	if err != nil {
		return nil, err
	}
	n := &Note{Text: text}
	for _, line := range lines {
		if err := n.verify(line, known); err != nil {
			return nil, err
		}
	}
	if len(n.Verified) == 0 {
		return nil, fmt.Errorf("%w: none of %d lines is by a known key", ErrSignature, len(lines))
	}
	return n, nil
}

// signatureLine is one line of a note's signatures, of which nothing is believed
// yet.
type signatureLine struct {
	keyRef
	sig []byte // without the key ID; at least 1 byte
}

// keyRef is how a signature line names its key.
type keyRef struct {
	name string
	id   uint32
}

func splitNote(msg []byte) (text []byte, lines []signatureLine, err error) {
	if len(msg) > maxText {
		return nil, nil, fmt.Errorf("%w: over %d bytes", ErrNote, maxText)
	}
	if !validText(msg) {
		return nil, nil, fmt.Errorf("%w: not UTF-8, or a control character", ErrNote)
	}
	// The text may have blank lines of its own: the last one ends it.
	end := bytes.LastIndex(msg, []byte("\n\n"))
	if end < 0 {
		return nil, nil, fmt.Errorf("%w: no blank line before signatures", ErrNote)
	}
	block, terminated := strings.CutSuffix(string(msg[end+2:]), "\n")
	if !terminated {
		return nil, nil, fmt.Errorf("%w: no signature, or the last line is cut short", ErrNote)
	}
	if strings.Count(block, "\n") >= maxSignatures {
		return nil, nil, fmt.Errorf("%w: over %d signatures", ErrNote, maxSignatures)
	}
	for i, s := range strings.Split(block, "\n") {
		line, ok := parseSignatureLine(s)
		if !ok {
			return nil, nil, fmt.Errorf("%w: signature line %d is malformed", ErrNote, i+1)
		}
		lines = append(lines, line)
	}
	return bytes.Clone(msg[:end+1]), lines, nil
}

func parseSignatureLine(s string) (signatureLine, bool) {
	s, dash := strings.CutPrefix(s, "— ")
	name, b64, _ := strings.Cut(s, " ")
	raw, canonical := decodeBase64(b64)
	if !dash || !validName(name) || !canonical || len(raw) <= keyIDSize {
		return signatureLine{}, false
	}
	ref := keyRef{name, binary.BigEndian.Uint32(raw)}
	return signatureLine{ref, raw[keyIDSize:]}, true
}

// verify checks one line and notes its signature. A key that signs again is held
// to it, but stays one signature.
func (n *Note) verify(line signatureLine, known keyring) error {
	key, ok := known[line.keyRef]
	if !ok {
		n.Unknown++
		return nil
	}
	if !key.Verify(n.Text, line.sig) {
		return fmt.Errorf("%w: %s+%08x", ErrSignature, line.name, line.id)
	}
	var made time.Time
	if key.Cosigns() {
		made = cosignedAt(line.sig)
	}
	for i := range n.Verified {
		if signed := &n.Verified[i]; signed.Key == key {
			// The order of the lines proves nothing, so the latest time stands.
			if made.After(signed.Time) {
				signed.Time = made
			}
			return nil
		}
	}
	n.Verified = append(n.Verified, Signature{Key: key, Time: made})
	return nil
}

// keyring finds a known key by what a signature line says of it.
type keyring map[keyRef]*VerifierKey

func newKeyring(keys []*VerifierKey) (keyring, error) {
	ring := keyring{}
	for _, key := range keys {
		if key == nil {
			return nil, fmt.Errorf("%w: nil", ErrKey)
		}
		ref := keyRef{key.name, key.id}
		if other, taken := ring[ref]; taken && !other.same(key) {
			return nil, fmt.Errorf("%w: two keys are %s+%08x", ErrKey, ref.name, ref.id)
		} else if !taken {
			ring[ref] = key
		}
	}
	return ring, nil
}
