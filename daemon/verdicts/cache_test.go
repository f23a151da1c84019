package verdicts

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func keyNamed(i int) key { return sha256.Sum256(fmt.Append(nil, i)) }

func sized(n int64) *Ruling { return &Ruling{JSON: make([]byte, n-overhead)} }

// TestCacheAlways holds against a plain list: the cache has the entries that were asked for last, as many as there is
// room for, and counts them to the byte.
func TestCacheAlways(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			name  int
			ruled *Ruling
		}
		limit := rapid.Int64Range(1, 8*overhead).Draw(t, "limit")
		c := newCache(limit)
		var model []entry // the last was asked for last
		take := func(name int) (e entry, have bool) {
			for i, e := range model {
				if e.name == name {
					model = append(model[:i:i], model[i+1:]...)
					return e, true
				}
			}
			return entry{}, false
		}
		sum := func() (n int64) {
			for _, e := range model {
				n += e.ruled.size()
			}
			return n
		}
		name := rapid.IntRange(0, 9)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				e := entry{name.Draw(t, "name"), sized(overhead + rapid.Int64Range(0, 3*overhead).Draw(t, "size"))}
				c.put(keyNamed(e.name), e.ruled)
				if e.ruled.size() > limit {
					return
				}
				take(e.name)
				for model = append(model, e); sum() > limit; {
					model = model[1:]
				}
			},
			"get": func(t *rapid.T) {
				name := name.Draw(t, "name")
				got, age, have := c.get(keyNamed(name))
				e, want := take(name)
				if want {
					model = append(model, e)
				}
				if have != want || got != e.ruled || age < 0 || !have && age != 0 {
					t.Fatalf("%d: %v, want %v", name, have, want)
				}
			},
			"": func(t *rapid.T) {
				entries, bytes := c.size()
				if bytes > limit || bytes != sum() || entries != len(model) || c.order.Len() != len(model) {
					t.Fatalf("%d entries of %d bytes, want %d of %d; at most %d", entries, bytes, len(model), sum(), limit)
				}
			},
		})
	})
}

func TestCacheOrder(t *testing.T) {
	c := newCache(3 * overhead)
	for i := range 3 {
		c.put(keyNamed(i), sized(overhead))
	}
	c.get(keyNamed(0))
	c.put(keyNamed(3), sized(overhead))
	for i, want := range []bool{true, false, true, true} {
		if _, _, have := c.get(keyNamed(i)); have != want {
			t.Errorf("%d is there: %v", i, have)
		}
	}
}

// TestCacheTooLarge: what has no room is not remembered, and makes none of the others go.
func TestCacheTooLarge(t *testing.T) {
	c := newCache(2 * overhead)
	c.put(keyNamed(0), sized(overhead))
	c.put(keyNamed(1), sized(2*overhead+1))
	if entries, bytes := c.size(); entries != 1 || bytes != overhead {
		t.Errorf("%d entries of %d bytes", entries, bytes)
	}
	c.put(keyNamed(2), sized(2*overhead))
	if _, _, have := c.get(keyNamed(2)); !have {
		t.Error("what just fits is not there")
	}
	none := newCache(0)
	none.put(keyNamed(0), sized(overhead))
	if entries, bytes := none.size(); entries != 0 || bytes != 0 {
		t.Errorf("no room, and %d entries of %d bytes", entries, bytes)
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := newCache(8 * overhead)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 2000 {
				c.put(keyNamed(i%16), sized(overhead+int64(i%7)))
				c.get(keyNamed((i + 5) % 16))
				if _, bytes := c.size(); bytes > 8*overhead {
					t.Errorf("%d bytes", bytes)
				}
			}
		})
	}
	all.Wait()
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSizes: what the cache counts is what it takes of the heap, to a fifth, at every fullness of the map beneath.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries int
		ruling  func(i int) *Ruling
	}{
		{"refusals", 100_000, func(i int) *Ruling { return &Ruling{Reason: fmt.Sprintf("the log entry %040d does not hold", i)} }},
		{"a map that just grew", 115_000, func(i int) *Ruling { return &Ruling{Reason: fmt.Sprintf("no entry %d", i)} }},
		{"signers", 100_000, func(i int) *Ruling {
			return &Ruling{Verified: true, Signer: fmt.Sprint("https://example.test/", i, strings.Repeat("x", 50)), PredicateType: fmt.Sprint("https://example.test/p/", i)}
		}},
		{"JSON", 20_000, func(i int) *Ruling { return &Ruling{JSON: fmt.Appendf(nil, "%03000d", i)} }},
	} {
		cache := newCache(1 << 40)
		before := heap()
		for i := range c.entries {
			cache.put(keyNamed(i), c.ruling(i))
		}
		took := heap() - before
		_, said := cache.size()
		t.Logf("%s: %d bytes an entry, counted as %d", c.name, took/int64(c.entries), said/int64(c.entries))
		if said*5 < took*4 || said*5 > took*6 {
			t.Errorf("%s: %d bytes, counted as %d", c.name, took, said)
		}
		runtime.KeepAlive(cache)
	}
}

// TestSizeOfReal: a ruling keeps nothing of the document that it was reached on.
func TestSizeOfReal(t *testing.T) {
	const entries = 150
	for _, explain := range []bool{false, true} {
		j := loaded(t, trustRoot(t))
		q := about(document(t))
		q.Explain = explain
		judge := func(i int) {
			q := q
			q.Document = append(document(t), strings.Repeat("\n", i)...)
			ask(t, j, q)
		}
		judge(0) // what the verifier makes for itself is made
		before := heap()
		for i := range entries {
			judge(i + 1)
		}
		took, s := heap()-before, j.State()
		t.Logf("explain %v: %d bytes an entry, counted as %d", explain, took/entries, s.Bytes/int64(s.Entries))
		if said := s.Bytes / int64(s.Entries) * entries; took > said*6/5+64<<10 {
			t.Errorf("explain %v: %d bytes, counted as %d", explain, took, said)
		}
		runtime.KeepAlive(j)
	}
}
