package store

import (
	"os"
	"sync"

	"github.com/dgraph-io/badger/v4"
)

// A Store is open, by this process alone. It is safe for concurrent use.
type Store struct {
	dir       string
	lock      *os.File
	db        *badger.DB
	log       *complaints
	keyspaces map[string]*Keyspace // by id
	opening   Opening

	outside *headsFile // the committer's
	space   *space     // the committer's
	rooms   *rooms     // the committer's
	ops     chan *op
	stop    chan struct{} // closed by Close: the committer ends
	dead    chan struct{} // closed by the committer as it ends

	using sync.RWMutex // held for reading while Badger is read, and for writing to close it
	gone  bool         // Badger is closed

	closing sync.Mutex // held by Close: not mu, which the committer takes until it ends
	closed  bool

	mu      sync.RWMutex         // guards what follows
	heads   map[string]head      // by id, as committed
	proofs  map[*Keyspace]bool   // the views that Catch proved
	suspect map[*Keyspace]string // why a view must be built anew
	broken  error
}

// An Opening is what Open found.
type Opening struct {
	Unclean bool     // whoever had the store open last did not close it
	Aside   string   // the folder that Badger was moved to because it was damaged; "" where it was not
	Why     string   // it was
	Dropped []string // views and caches that nobody declares any more, and caches that were damaged
}

// Opening returns what Open found. A caller tells it in the audit log.
func (s *Store) Opening() Opening { return s.opening }

// Read runs fn on the store as it stands. What fn returns is returned; a store that is closed is ErrClosed.
func (s *Store) Read(fn func(*Tx) error) error {
	s.using.RLock()
	defer s.using.RUnlock()
	if s.gone {
		return ErrClosed
	}
	snap := s.db.NewTransaction(false)
	defer snap.Discard()
	tx := &Tx{s: s, snap: snap}
	defer func() { tx.over = true }()
	return fn(tx)
}
