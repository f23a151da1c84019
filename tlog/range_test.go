package tlog

import (
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"
)

func TestRangeRoots(t *testing.T) {
	leaves := leavesOf(130)
	var r Range
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	reference := factory.NewEmptyRange(0)
	for size := 0; ; size++ {
		if r.Size() != uint64(size) || r.Root() != mth(leaves[:size]) {
			t.Fatalf("size %d: %d, %s", size, r.Size(), r.Root())
		}
		if want, _ := reference.GetRootHash(nil); size > 0 && r.Root() != Hash(want) {
			t.Fatalf("size %d: not the root that merkle/compact gives", size)
		}
		loaded, err := NewRange(uint64(size), nodesOf(leaves))
		if err != nil || loaded.Root() != r.Root() || loaded.Size() != r.Size() {
			t.Fatalf("loaded at %d: %v", size, err)
		}
		if size == len(leaves) {
			return
		}
		r.Append(leaves[size])
		if err := reference.Append(leaves[size][:], nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRangeResumes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := leavesOf(rapid.IntRange(0, 600).Draw(t, "size"))
		from := rapid.IntRange(0, len(leaves)).Draw(t, "from")
		r, err := NewRange(uint64(from), nodesOf(leaves))
		if err != nil {
			t.Fatal(err)
		}
		for _, leaf := range leaves[from:] {
			r.Append(leaf)
		}
		if r.Root() != mth(leaves) {
			t.Fatalf("from %d of %d", from, len(leaves))
		}
	})
}

// A copy goes its own way: what is appended to one does not show in the other.
func TestRangeCopies(t *testing.T) {
	leaves := leavesOf(8)
	var a Range
	for _, leaf := range leaves[:7] {
		a.Append(leaf)
	}
	b := a
	b.Append(leaves[7])
	a.Append(LeafHash([]byte("other")))
	if b.Root() != mth(leaves) || a.Root() == b.Root() {
		t.Error("copies share their hashes")
	}
}
