package audit

import (
	"stellad/tlog"
)

// growth turns leaves, in order, into the tiles of hashes of a tree: each is given
// to emit once it is full, and finish gives the partial ones. C2SP tlog-tiles.
type growth struct {
	emit   func(tlog.Tile, []byte) error
	levels []level
}

// level is the rightmost tile of a level, while it is not full.
type level struct {
	index  uint64
	hashes []tlog.Hash
}

// growFrom starts right of the first leaves, a multiple of bundleSize, of which node
// gives the subtrees.
func growFrom(first uint64, node tlog.NodeFunc, emit func(tlog.Tile, []byte) error) (*growth, error) {
	g := &growth{emit: emit}
	for l := 0; first>>(8*l) > 0; l++ {
		have := first >> (8 * l)
		g.levels = append(g.levels, level{index: have / bundleSize})
		for n := have - have%bundleSize; n < have; n++ {
			h, err := node(uint(8*l), n)
			if err != nil {
				return nil, err
			}
			g.levels[l].hashes = append(g.levels[l].hashes, h)
		}
	}
	return g, nil
}

func (g *growth) append(leaf tlog.Hash) error { return g.add(0, leaf) }

func (g *growth) add(l int, h tlog.Hash) error {
	if l == len(g.levels) {
		g.levels = append(g.levels, level{})
	}
	at := &g.levels[l]
	at.hashes = append(at.hashes, h)
	if len(at.hashes) < bundleSize {
		return nil
	}
	if err := g.out(l); err != nil {
		return err
	}
	var over tlog.Range
	for _, h := range at.hashes {
		over.Append(h)
	}
	at.index++
	at.hashes = at.hashes[:0]
	return g.add(l+1, over.Root())
}

// finish gives the tiles that are not full. A partial tile is never hashed into its
// parent.
func (g *growth) finish() error {
	for l := range g.levels {
		if len(g.levels[l].hashes) == 0 {
			continue
		}
		if err := g.out(l); err != nil {
			return err
		}
	}
	return nil
}

func (g *growth) out(l int) error {
	at := g.levels[l]
	return g.emit(tlog.Tile{Level: l, Index: at.index, Width: len(at.hashes)}, content(at.hashes))
}

func content(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*len(tlog.Hash{}))
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}
