package siglog

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"stellad/tlog"
)

const (
	width    = 256       // hashes in a full tile
	maxEntry = 1<<16 - 1 // bytes that an entry bundle's frame can count
)

// State is a log's tree: what its last checkpoint says.
type State struct {
	Size uint64
	Root tlog.Hash // tlog.EmptyRoot where Size is 0
}

// Content is a tile of hashes with what is in it.
type Content struct {
	tlog.Tile
	Bytes []byte
}

// Growth is a log that took entries.
type Growth struct {
	State
	First uint64 // index of the first entry that was taken

	// Changed are the tiles of hashes that are new or wider, each once. One takes the
	// place of what stood at its level and index. Entries are the caller's to keep:
	// a bundle of them is framed when it is read. C2SP tlog-tiles.
	Changed []Content
}

// Append gives what a log becomes that takes entries, of 1 to 65535 bytes each, in
// their order. Of the stored tree it reads the nodes that the root needs, which
// must give was.Root, and the tiles at the right edge; else it wraps ErrTree. An
// entry of a wrong length wraps tlog.ErrTile; errors of read are wrapped.
func Append(was State, read Reader, entries ...[]byte) (*Growth, error) {
	g := grower{read: read, open: map[place]int{}}
	tree, err := tlog.NewRange(was.Size, tlog.TileNodes(was.Size, read))
	if err != nil {
		return nil, fmt.Errorf("append to the signature log: %w", err)
	}
	if root := tree.Root(); root != was.Root {
		return nil, fmt.Errorf("append to the signature log: %w: its root over %d entries is %s, not %s", ErrTree, was.Size, root, was.Root)
	}
	for i, entry := range entries {
		if len(entry) == 0 || len(entry) > maxEntry {
			return nil, fmt.Errorf("append to the signature log: %w: an entry of %d bytes", tlog.ErrTile, len(entry))
		}
		leaf := tlog.LeafHash(entry)
		if err := g.put(0, was.Size+uint64(i), leaf); err != nil {
			return nil, fmt.Errorf("append to the signature log: %w", err)
		}
		tree.Append(leaf)
	}
	return &Growth{State: State{tree.Size(), tree.Root()}, First: was.Size, Changed: g.changed}, nil
}

// grower collects what changes.
type grower struct {
	read    Reader
	changed []Content
	open    map[place]int // where in changed a tile stands
}

type place struct {
	level int
	index uint64
}

// put adds hash n of a level. A tile that becomes full is a hash of the level above.
func (g *grower) put(level int, n uint64, hash tlog.Hash) error {
	c, err := g.tile(level, n)
	if err != nil {
		return err
	}
	c.Bytes = append(c.Bytes, hash[:]...)
	c.Width++
	if c.Width < width {
		return nil
	}
	root, err := rootOf(c.Bytes)
	if err != nil {
		return err
	}
	return g.put(level+1, n/width, root)
}

// tile gives the tile to which hash n of a level is to be added.
func (g *grower) tile(level int, n uint64) (*Content, error) {
	at := place{level, n / width}
	if i, ok := g.open[at]; ok {
		return &g.changed[i], nil
	}
	c := Content{Tile: tlog.Tile{Level: level, Index: at.index, Width: int(n % width)}}
	if c.Width > 0 {
		stored, err := g.read(c.Tile)
		if err == nil {
			_, err = tlog.ParseHashes(stored, c.Width)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Path(), err)
		}
		c.Bytes = bytes.Clone(stored)
	}
	g.open[at] = len(g.changed)
	g.changed = append(g.changed, c)
	return &g.changed[len(g.changed)-1], nil
}

func rootOf(tile []byte) (tlog.Hash, error) {
	if len(tile) != width*sha256.Size {
		return tlog.Hash{}, errors.New("a full tile of another length") // tile was asked
	}
	hashes, err := tlog.ParseHashes(tile, width)
	if err != nil {
		return tlog.Hash{}, err
	}
	var r tlog.Range
	for _, h := range hashes {
		r.Append(h)
	}
	return r.Root(), nil
}
