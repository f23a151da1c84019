// Package store keeps what the appliance holds in Badger, and shows whether it is still all there.
//
// Nothing else in the project opens Badger. Its keys lie in keyspaces that their owners declare before Open:
//
//   - a view is a fold of the audit log. How far it has folded commits with the effects. It is rebuilt, and says why,
//     whenever it cannot show that it equals the fold: nothing is lost with it.
//   - content came from outside. A write of it is on the disk when Update returns, and whatever is missing or changed
//     is reported until its owner settles it.
//   - a cache may vanish, or go back to what it was.
//
// Badger is not believed. A flipped bit in its write-ahead log drops all records after it, one in its manifest drops
// whole tables, and one in a table makes keys absent, each without an error; deleted keys have come back. So each value
// carries a checksum of itself and its key, each keyspace a head (how many keys, and the exclusive or of their
// checksums) that commits with every change, and the heads of content have a copy outside Badger, which would outlive
// a log that lost its tail. At each start a child process opens and reads everything first: damage can kill whoever
// maps the files. What a damaged file hides from a running store is found by the next start; an absent key proves
// nothing by itself, which is why a revocation has to be a record.
//
// In the folder:
//
//	db/            Badger
//	db.damaged-1/  what db was when it could not be read
//	heads          the copy of the heads, and which release may open this
//	open           exists while the store is open: found at a start, it was not closed
//	ballast        room that is given up when the disk is full
//	lock           held by the one process, and its child
package store

import "errors"

// Sentinels of this package. A caller compares with errors.Is.
var (
	// ErrNotFound: the key is not there.
	ErrNotFound = errors.New("not found")
	// ErrKeyspace: two keyspaces collide, or one is used, or found, that was not declared.
	ErrKeyspace = errors.New("keyspace")
	// ErrReadOnly: a write in Read, or to a view outside its fold, or by a fold outside its view.
	ErrReadOnly = errors.New("not to be written here")
	// ErrDamaged: bytes on the disk are not those that were written.
	ErrDamaged = errors.New("damaged")
	// ErrUnproved: a view is used before Catch.
	ErrUnproved = errors.New("view not proved yet")
	// ErrGap: records do not follow one another.
	ErrGap = errors.New("gap in the records")
	// ErrNoSpace: the disk is fuller than the floor allows.
	ErrNoSpace = errors.New("too little space on the disk")
	// ErrTooBig: a key, a value or a transaction exceeds its cap.
	ErrTooBig = errors.New("too big")
	// ErrNewer: a newer release wrote this store.
	ErrNewer = errors.New("written by a newer release")
	// ErrLocked: another process has the store open.
	ErrLocked = errors.New("in use by another process")
	// ErrBroken: a commit failed. Nothing is written any more until the store is opened again.
	ErrBroken = errors.New("a commit failed: reading only")
	// ErrClosed: the store, or the transaction, is over.
	ErrClosed = errors.New("closed")
	// ErrCheck: the child that checks the store could not do its work. It says nothing about the store.
	ErrCheck = errors.New("the store could not be checked")
)
