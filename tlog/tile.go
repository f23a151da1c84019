package tlog

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// ErrTile says that a path, a tile or an entry bundle is malformed, or that a tree
// has no such tile.
var ErrTile = errors.New("not a tile")

const (
	fullWidth   = 256 // hashes or entries in a full tile
	tileHeight  = 8   // levels of the tree in one level of tiles
	maxLevel    = 63  // the highest level that a path may name
	entryBundle = -1  // the level of entry bundles
)

// Tile names a run of consecutive hashes of the tree, or of entries. C2SP
// tlog-tiles, "Merkle Tree" and "Log entries".
type Tile struct {
	Level int    // 0 are the leaf hashes, each further one 8 levels up the tree, to 63; -1 is an entry bundle
	Index uint64 // of the tile within its level, from 0
	Width int    // the hashes or entries in it, 1 to 256; 256 is a full tile
}

// TileAt gives the tile that holds hash n, from 0, of a level in a tree of size
// leaves, or entry n for level -1, as wide as it is in that tree. It is false where the
// tree has no such hash. C2SP tlog-tiles, "Partial Tiles".
func TileAt(level int, n, size uint64) (Tile, bool) {
	if level < entryBundle {
		return Tile{}, false
	}
	hashes := hashCount(level, size)
	if n >= hashes {
		return Tile{}, false
	}
	index := n / fullWidth
	width := min(hashes-index*fullWidth, fullWidth)
	return Tile{Level: level, Index: index, Width: int(width)}, true
}

// Tiles gives every tile of hashes of a tree of size leaves, level by level from 0,
// each from the left; none for size 0. C2SP tlog-tiles, "Partial Tiles".
func Tiles(size uint64) iter.Seq[Tile] {
	return func(yield func(Tile) bool) {
		for level := 0; hashCount(level, size) > 0; level++ {
			for t := range tilesOf(level, size) {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// EntryBundles gives every entry bundle of a tree of size leaves, from the left.
// C2SP tlog-tiles, "Log entries".
func EntryBundles(size uint64) iter.Seq[Tile] {
	return tilesOf(entryBundle, size)
}

func tilesOf(level int, size uint64) iter.Seq[Tile] {
	return func(yield func(Tile) bool) {
		for n := range tileCount(level, size) {
			t, _ := TileAt(level, n*fullWidth, size)
			if !yield(t) {
				return
			}
		}
	}
}

// hashCount gives the hashes that a tree has at a level of tiles, or its entries.
func hashCount(level int, size uint64) uint64 {
	return size >> (tileHeight * max(level, 0))
}

func tileCount(level int, size uint64) uint64 {
	hashes := hashCount(level, size)
	return hashes/fullWidth + min(hashes%fullWidth, 1)
}

// Path gives where a log serves the tile below its prefix, and a mirror keeps it:
// tile/<L>/<N>[.p/<W>], or tile/entries/<N>[.p/<W>], such as tile/0/x001/x234/067.p/8.
// The fields must be within the limits that stand beside them. C2SP tlog-tiles,
// "Merkle Tree".
func (t Tile) Path() string {
	level := "entries"
	if t.Level != entryBundle {
		level = strconv.Itoa(t.Level)
	}
	index := fmt.Sprintf("%03d", t.Index%1000)
	for n := t.Index / 1000; n > 0; n /= 1000 {
		index = fmt.Sprintf("x%03d/%s", n%1000, index)
	}
	path := "tile/" + level + "/" + index
	if t.Width != fullWidth {
		path += ".p/" + strconv.Itoa(t.Width)
	}
	return path
}

// ParseTilePath reads what Path writes, and nothing else: no leading slash, no
// group of zeros before the index, no width of 256 written out. Errors wrap ErrTile.
// C2SP tlog-tiles, "Merkle Tree".
func ParseTilePath(path string) (Tile, error) {
	t, ok := parsePath(path)
	// The parts are read generously and the whole is held against its one form.
	if !ok || t.Path() != path {
		return Tile{}, fmt.Errorf("%w: path %.100q", ErrTile, path)
	}
	return t, nil
}

func parsePath(path string) (t Tile, ok bool) {
	level, rest, _ := strings.Cut(strings.TrimPrefix(path, "tile/"), "/")
	if t.Level = entryBundle; level != "entries" {
		n, err := strconv.ParseUint(level, 10, 8)
		if err != nil || n > maxLevel {
			return Tile{}, false
		}
		t.Level = int(n)
	}
	index, width, partial := strings.Cut(rest, ".p/")
	if t.Width = fullWidth; partial {
		n, err := strconv.ParseUint(width, 10, 8)
		if err != nil || n == 0 {
			return Tile{}, false
		}
		t.Width = int(n)
	}
	var err error
	t.Index, err = strconv.ParseUint(strings.NewReplacer("x", "", "/", "").Replace(index), 10, 64)
	return t, err == nil
}
