package verdicts

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// A key names a question under one trust root, by SHA-256: two questions with one key are the same question.
type key [sha256.Size]byte

// remembered is a verdict in the cache.
type remembered struct {
	key   key
	ruled *Ruling
	at    time.Time
}

// cache holds the verdicts that were asked for last, up to a number of bytes. It is safe for concurrent use.
type cache struct {
	limit int64

	mu    sync.Mutex
	bytes int64 // of all entries, at most limit
	byKey map[key]*list.Element
	order *list.List // of *remembered; the front was asked for last
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, byKey: map[key]*list.Element{}, order: list.New()}
}

// overhead is what an entry costs beside its texts, in bytes: the map's slot, the list's element and the structs, as
// TestSizes measures.
const overhead = 288

func (r *Ruling) size() int64 {
	return overhead + int64(len(r.Reason)+len(r.Signer)+len(r.PredicateType)+len(r.JSON))
}

// get returns a verdict and its age.
func (c *cache) get(k key) (*Ruling, time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, have := c.byKey[k]
	if !have {
		return nil, 0, false
	}
	c.order.MoveToFront(e)
	r := e.Value.(*remembered)
	return r.ruled, time.Since(r.at), true
}

// put remembers a verdict, and forgets those that were not asked for longest where there is no room.
func (c *cache) put(k key, ruled *Ruling) {
	if ruled.size() > c.limit {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, have := c.byKey[k]; have {
		c.drop(e)
	}
	c.byKey[k] = c.order.PushFront(&remembered{k, ruled, time.Now()})
	for c.bytes += ruled.size(); c.bytes > c.limit; {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	r := c.order.Remove(e).(*remembered)
	delete(c.byKey, r.key)
	c.bytes -= r.ruled.size()
}

func (c *cache) size() (entries int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.byKey), c.bytes
}
