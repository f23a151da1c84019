package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"stellad/tlog"
)

// Result is what an export proves. docs/formats/audit.md §8.
type Result struct {
	Key           *tlog.VerifierKey // the audit key that signed; its name is the log's origin
	KeyFromExport bool              // nobody vouched for the key: it came with the export (see KeyNotice)
	Size          uint64            // of the log, by the latest checkpoint
	Root          tlog.Hash         // at Size
	First         uint64            // seq of the first record in the export; 0 in a whole one
	Since         uint64            // of a partial export: the size at which it starts; else 0
	Baseline      uint64            // the size of the baseline that was shown consistent; 0 where none was given
	From, To      time.Time         // of the first and the last record in the export
	Boots         int               // distinct boot IDs
	Checkpoints   int               // that were verified, the latest among them
	Annotations   uint64            // that are there, each as its record says
	Erased        uint64            // annotations that a later record erased
	Types         map[string]uint64 // records by known type and version, such as "call.v1"
	Unknown       uint64            // records of types or versions that this release does not know
	UnknownTypes  []string          // which: the first 16 of them, in the order of the log
	// Foreign names the texts for people (VERIFY.md, verify_audit.py) that are not this
	// release's own, byte for byte. Nothing in the log vouches for them: do not run
	// such a script.
	Foreign []string
}

// maxUnknown bounds Result.UnknownTypes.
const maxUnknown = 16

// KeyNotice says, where the key came with the export, that anybody could have made
// such a log, and what to compare; "" where the caller gave the key.
func (r *Result) KeyNotice() string {
	if !r.KeyFromExport {
		return ""
	}
	return "key taken from the export: compare its fingerprint " + Fingerprint(r.Key) + " with the one written down at genesis"
}

// Fingerprint gives a key's SHA-256 in lower-case hex, over the vkey and an LF: what
// `sha256sum log.vkey` prints. docs/formats/audit.md §6.
func Fingerprint(key *tlog.VerifierKey) string {
	sum := sha256.Sum256([]byte(key.String() + "\n"))
	return hex.EncodeToString(sum[:])
}

// count enters a record. It decodes nothing: ParseLine held known types to theirs.
func (r *Result) count(record *Record) {
	if record.Seq == r.First {
		r.From = record.Time
	}
	r.To = record.Time
	name := fmt.Sprintf("%s.v%d", record.Type, record.V)
	if _, known := types[kind{record.Type, record.V}]; known {
		r.Types[name]++
		return
	}
	r.Unknown++
	if len(r.UnknownTypes) < maxUnknown && !slices.Contains(r.UnknownTypes, name) {
		r.UnknownTypes = append(r.UnknownTypes, name)
	}
}

// openCheckpoint verifies a checkpoint of the log: signed by key alone, for the
// origin that is the key's name. An export's checkpoint bears one signature line, so
// that no byte of it is free.
func openCheckpoint(msg []byte, key *tlog.VerifierKey) (*tlog.SignedCheckpoint, error) {
	c, err := tlog.OpenCheckpoint(msg, key.Name(), []*tlog.VerifierKey{key}, tlog.Quorum{})
	if err != nil {
		return nil, err
	}
	block := msg[len(c.Note.Text):]
	if slices.Index(block[1:], '\n') != len(block)-2 {
		return nil, errors.New("more than one signature line")
	}
	if c.Size == 0 || c.Size > maxInteger {
		return nil, fmt.Errorf("size %d", c.Size)
	}
	return c, nil
}
