// Package siglog grows a log of signatures in the shape of Rekor v2: C2SP
// tlog-tiles whose entries are hashedrekords, under checkpoints of the log's name.
//
// It holds nothing. What stands is read by a [Reader] that the caller gives, and
// what changes is handed back: who stores it decides when it is durable. The tree
// that is read is held to the root that was signed, before anything is built on it.
package siglog

import (
	"errors"
	"fmt"
	"regexp"

	"stellad/tlog"
)

// The reasons for which a log doesn't grow, or proves nothing.
var (
	// ErrName says that a text can't be the name of an appliance and its signature log.
	ErrName = errors.New("not an appliance's name")

	// ErrTree says that what is stored isn't the tree that was signed.
	ErrTree = errors.New("the stored tree is not the one that was signed")
)

// Reader gives the content of a tile of hashes, exactly as wide as it is asked for:
// width×32 bytes. Whoever stores a wider one gives its beginning.
type Reader func(tlog.Tile) ([]byte, error)

// hostname is what cosign compares a checkpoint's origin with: the host of a URL,
// in the letters in which url.Parse leaves it. It has no port and no path.
var hostname = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// CheckName refuses what can't be a signature log's origin: it is a bare hostname
// in small letters, of at most 253 bytes. Errors wrap ErrName.
func CheckName(name string) error {
	if len(name) > 253 || !hostname.MatchString(name) {
		return fmt.Errorf("%w: %.80q; want a bare hostname, such as stella.example.org", ErrName, name)
	}
	return nil
}
