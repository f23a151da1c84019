package fair_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"stellad/daemon/fair"
)

// takeAll takes places for uid until it gets no more.
func takeAll(s *fair.Shares, uid uint32) int {
	n := 0
	for s.Take(uid) {
		n++
	}
	return n
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		name        string
		total, each int
		want        []int // what users get who take all that they can, one after the other
	}{
		{"its share and no more", 1000, 10, []int{10, 10, 10}},
		{"the last quarter is for newcomers", 100, 100, []int{75, 6, 6, 6, 6, 1, 0}},
		{"a small share leaves a newcomer one", 8, 6, []int{6, 1, 1, 0}},
		{"one place", 1, 1, []int{1, 0}},
		{"two places", 2, 2, []int{2, 0}},
		{"four places", 4, 4, []int{3, 1, 0}},
		{"no places", 0, 4, []int{0}},
		{"no share", 4, 0, []int{0}},
	} {
		s := fair.NewShares(c.total, c.each)
		sum := 0
		for i, want := range c.want {
			got := takeAll(s, uint32(i))
			if got != want {
				t.Errorf("%s: user %d took %d, want %d", c.name, i, got, want)
			}
			sum += got
		}
		if s.Held() != sum {
			t.Errorf("%s: %d held of %d", c.name, s.Held(), sum)
		}
	}
}

// TestGive: a place that was given back is another's to take, and leaves nothing behind.
func TestGive(t *testing.T) {
	s := fair.NewShares(4, 3)
	for range 3 {
		n := takeAll(s, 1)
		m := takeAll(s, 2)
		if n != 3 || m != 1 || s.Take(3) {
			t.Fatalf("%d and %d of 4", n, m)
		}
		s.Give(1)
		if s.Take(1) || !s.Take(3) {
			t.Fatal("who holds two took the newcomer's place")
		}
		for _, uid := range []uint32{1, 1, 2, 3} {
			s.Give(uid)
		}
		if s.Held() != 0 {
			t.Fatalf("%d held by nobody", s.Held())
		}
	}
}

// TestSharesAlways holds against a plain count of who holds what: nobody above its share, no more than there are, and
// room for a newcomer for as long as there is any.
func TestSharesAlways(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total, each := rapid.IntRange(1, 40).Draw(t, "total"), rapid.IntRange(1, 40).Draw(t, "each")
		s, held, sum := fair.NewShares(total, each), map[uint32]int{}, 0
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				uid := uint32(rapid.IntRange(0, 6).Draw(t, "uid"))
				took := s.Take(uid)
				switch {
				case took && (sum == total || held[uid] == each):
					t.Fatalf("user %d took one more: %v of %d, each %d", uid, held, total, each)
				case !took && held[uid] == 0 && sum < total:
					t.Fatalf("newcomer %d was kept out: %v of %d", uid, held, total)
				case !took && held[uid] < each && (total-sum)*4 > total:
					t.Fatalf("user %d got none of many: %v of %d, each %d", uid, held, total, each)
				case took && held[uid] >= max(1, each/16) && (total-sum)*4 <= total:
					t.Fatalf("user %d, who holds %d, took what is kept for newcomers", uid, held[uid])
				}
				if took {
					held[uid]++
					sum++
				}
			},
			"give": func(t *rapid.T) {
				uid := uint32(rapid.IntRange(0, 6).Draw(t, "uid"))
				if held[uid] == 0 {
					return
				}
				s.Give(uid)
				held[uid]--
				sum--
			},
			"": func(t *rapid.T) {
				if s.Held() != sum {
					t.Fatalf("%d held, want %d", s.Held(), sum)
				}
			},
		})
	})
}

func TestSharesConcurrently(t *testing.T) {
	const total, each, users = 16, 5, 8
	s := fair.NewShares(total, each)
	var now atomic.Int64
	var perUser [users]atomic.Int64
	var all sync.WaitGroup
	for i := range 4 * users {
		uid := i % users
		all.Go(func() {
			for range 2000 {
				if !s.Take(uint32(uid)) {
					continue
				}
				if n := now.Add(1); n > total {
					t.Errorf("%d at a time", n)
				}
				if n := perUser[uid].Add(1); n > each {
					t.Errorf("user %d holds %d", uid, n)
				}
				perUser[uid].Add(-1)
				now.Add(-1)
				s.Give(uint32(uid))
			}
		})
	}
	all.Wait()
	if s.Held() != 0 || takeAll(s, 1) != each {
		t.Error("places were lost")
	}
}
