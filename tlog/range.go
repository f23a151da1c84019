package tlog

import (
	"fmt"
	"math/bits"

	"github.com/transparency-dev/merkle/compact"
)

// Range is the compact range over a tree's leaves from the first: as few hashes as
// its root can be computed from. The zero value is the empty tree, and a copy is
// independent of what it was copied from. Append is not to be called concurrently.
type Range struct {
	size uint64
	// The roots of the perfect subtrees that the leaves fall into, the largest
	// first: one for each 1 in size. What lies beyond is left from earlier.
	roots [64]Hash
}

// NewRange gives the range over the first size leaves, from the at most 64 nodes
// that it consists of. Errors of node are wrapped.
func NewRange(size uint64, node NodeFunc) (*Range, error) {
	r := &Range{size: size}
	for i, id := range compact.RangeNodes(0, size, nil) {
		h, err := node(id.Level, id.Index)
		if err != nil {
			return nil, fmt.Errorf("node %d of level %d: %w", id.Index, id.Level, err)
		}
		r.roots[i] = h
	}
	return r, nil
}

// Append adds the hash of the next leaf.
func (r *Range) Append(leaf Hash) {
	n := bits.OnesCount64(r.size)
	// Each trailing 1 of the size is a perfect subtree that the new leaf completes
	// to one twice as large.
	for rest := r.size; rest&1 == 1; rest >>= 1 {
		n--
		leaf = NodeHash(r.roots[n], leaf)
	}
	r.roots[n] = leaf
	r.size++
}

// Size gives the number of leaves.
func (r *Range) Size() uint64 { return r.size }

// Root gives the root over all leaves, EmptyRoot where there are none. RFC 6962 §2.1.
func (r *Range) Root() Hash {
	n := bits.OnesCount64(r.size)
	if n == 0 {
		return EmptyRoot()
	}
	root := r.roots[n-1]
	for i := n - 2; i >= 0; i-- {
		root = NodeHash(r.roots[i], root)
	}
	return root
}
