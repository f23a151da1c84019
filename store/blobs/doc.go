// Package blobs keeps files under their own SHA-256: blobs/sha256/ab/abcdef…
//
// A blob is there whole and on the disk once Put has returned, and not before may its digest be named anywhere. What is
// read is held against the name, and bytes that differ are ErrDamaged. A crash leaves at most a file in tmp/, which the
// next Open removes. A disk that is full is an error of the system, and leaves what was there.
package blobs

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Sentinels of this package. A caller compares with errors.Is.
var (
	// ErrNotFound: no such blob.
	ErrNotFound = errors.New("no such blob")
	// ErrDamaged: what lies under the name is not what the name says.
	ErrDamaged = errors.New("damaged blob")
	// ErrTooBig: more bytes than the caller allows.
	ErrTooBig = errors.New("blob too big")
	// ErrLocked: another process has the folder open.
	ErrLocked = errors.New("in use by another process")
	// ErrStalled: the disk gives no answer.
	ErrStalled = errors.New("the disk gives no answer")
	// ErrDigest: no digest of the form sha256:… in lower-case hex.
	ErrDigest = errors.New("no digest")
)

// A Digest is the SHA-256 of a blob.
type Digest [32]byte

const scheme = "sha256:"

// String returns sha256: and 64 digits.
func (d Digest) String() string { return scheme + d.hex() }

func (d Digest) hex() string { return hex.EncodeToString(d[:]) }

// path is where the blob lies below the folder.
func (d Digest) path() string { return "sha256/" + d.hex()[:2] + "/" + d.hex() }

// ParseDigest reads what String wrote, and nothing else.
func ParseDigest(s string) (Digest, error) {
	digits, ok := strings.CutPrefix(s, scheme)
	if !ok {
		return Digest{}, fmt.Errorf("%w: %.80q", ErrDigest, s)
	}
	return parseHex(digits)
}

func parseHex(digits string) (d Digest, err error) {
	if len(digits) != 2*len(d) || strings.ToLower(digits) != digits {
		return Digest{}, fmt.Errorf("%w: %.80q", ErrDigest, digits)
	}
	if _, err := hex.Decode(d[:], []byte(digits)); err != nil {
		return Digest{}, fmt.Errorf("%w: %.80q", ErrDigest, digits)
	}
	return d, nil
}
