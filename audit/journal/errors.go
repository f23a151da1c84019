package journal

import (
	"errors"
	"fmt"
)

// Why the journal refuses. A refused Append wraps ErrReadOnly and one of the causes.
var (
	ErrReadOnly = errors.New("the audit log is read-only")

	// The causes, which State shows and Retry looks at again.
	ErrDisk    = errors.New("the disk failed")
	ErrMoved   = errors.New("a file of the audit log was moved, replaced or cut")
	ErrDamaged = errors.New("the audit log is damaged")
	ErrStalled = errors.New("the disk does not answer")
	ErrNoSpace = errors.New("the disk is nearly full")
	ErrClock   = errors.New("the clock stands before the last record")

	ErrInUse        = errors.New("the audit log is in use by another process")
	ErrClosed       = errors.New("the audit log is closed")
	ErrNoRecord     = errors.New("no such record")
	ErrNoAnnotation = errors.New("no such annotation")
	ErrErased       = errors.New("the annotation was erased")
	ErrNoSigner     = errors.New("no key to sign checkpoints with")
)

// cause is a reason to be read-only. The order is the one in which they are told.
type cause int

const (
	damage cause = iota
	moved
	disk
	stall
	space
	clock
	causes // their number
)

// damaged says where the log is not what it was.
func damaged(path string, at int64, format string, args ...any) error {
	return fmt.Errorf("%w: %s, byte %d: %s", ErrDamaged, path, at, fmt.Sprintf(format, args...))
}
