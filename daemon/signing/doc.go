// Package signing signs for others with the appliance's keys: statements, which stand in its signature log with the time
// at which they were signed, and timestamps.
//
// A signature is made in these steps, of which a crash after any leaves what stands beside it:
//
//	intent          a record; the next start writes that nothing came of it
//	envelope, stamp signatures in memory: the same
//	blob            content that nothing names
//	signed          a record: the signature is the log's next entry, and the same request gives it again
//	checkpoint      the tree's head, signed: made again when it is next needed
//
// The signature log is a view: what the records say, in tiles (C2SP tlog-tiles). So it never shows two faces that the
// audit log does not.
package signing

import "errors"

// Sentinels of this package. A caller compares with errors.Is.
var (
	// ErrNoKeys: the appliance has no keys that sign: it has no HSM.
	ErrNoKeys = errors.New("this appliance has no keys to sign with")
	// ErrBroken: what was signed does not verify by what is published.
	ErrBroken = errors.New("a signature does not verify by what is published")
)
