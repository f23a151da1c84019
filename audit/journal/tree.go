package journal

import (
	"fmt"
	"math/bits"

	"stellad/tlog"
)

// tree is a log's size with the nodes of its compact range, largest first: one for
// each 1 in size. It is what tlog.Range is, with nodes that can be stored.
type tree struct {
	size  uint64
	nodes []tlog.Hash
}

// clone gives a tree to push to; t stays as it is.
func (t tree) clone() tree {
	nodes := make([]tlog.Hash, len(t.nodes), 64)
	copy(nodes, t.nodes)
	return tree{t.size, nodes}
}

// push adds a leaf in place, for whoever cloned t.
func (t *tree) push(leaf tlog.Hash) {
	// Each trailing 1 of the size is a perfect subtree that the leaf completes to one
	// twice as large.
	for rest := t.size; rest&1 == 1; rest >>= 1 {
		last := len(t.nodes) - 1
		leaf = tlog.NodeHash(t.nodes[last], leaf)
		t.nodes = t.nodes[:last]
	}
	t.nodes = append(t.nodes, leaf)
	t.size++
}

func (t tree) root() tlog.Hash {
	if len(t.nodes) == 0 {
		return tlog.EmptyRoot()
	}
	root := t.nodes[len(t.nodes)-1]
	for i := len(t.nodes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.nodes[i], root)
	}
	return root
}

// pack gives the nodes as bytes; unpack reads them back.
func (t tree) pack() []byte {
	var b []byte
	for _, n := range t.nodes {
		b = append(b, n[:]...)
	}
	return b
}

func unpack(size uint64, b []byte) (tree, error) {
	if len(b) != bits.OnesCount64(size)*len(tlog.Hash{}) {
		return tree{}, fmt.Errorf("%d bytes of nodes for %d leaves", len(b), size)
	}
	t := tree{size: size}
	for ; len(b) > 0; b = b[len(tlog.Hash{}):] {
		t.nodes = append(t.nodes, tlog.Hash(b))
	}
	return t, nil
}
