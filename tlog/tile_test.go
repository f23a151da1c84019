package tlog

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The examples of C2SP tlog-tiles, and the edges of its grammar.
func TestTilePaths(t *testing.T) {
	for path, want := range map[string]Tile{
		"tile/0/000":                               {0, 0, 256},
		"tile/0/000.p/1":                           {0, 0, 1},
		"tile/63/999.p/255":                        {63, 999, 255},
		"tile/0/x001/000":                          {0, 1000, 256},
		"tile/0/x001/x234/067":                     {0, 1234067, 256},
		"tile/0/x001/x234/067.p/8":                 {0, 1234067, 8},
		"tile/entries/000":                         {-1, 0, 256},
		"tile/entries/x273/000.p/112":              {-1, 273000, 112},
		"tile/7/x018/x446/x744/x073/x709/x551/615": {7, 1<<64 - 1, 256},
	} {
		got, err := ParseTilePath(path)
		if err != nil || got != want || want.Path() != path {
			t.Errorf("%s: %+v, %v; written as %s", path, got, err, want.Path())
		}
	}
}

func TestParseTilePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "/", "tile", "tile/", "tile/0", "tile/0/", "tile//000", "tile/000", "checkpoint",
		"/tile/0/000", "tile/0/000/", "tile/0//000", "./tile/0/000", "tile/../tile/0/000", "TILE/0/000", "tile\\0\\000",
		"tile/00/000", "tile/01/000", "tile/64/000", "tile/256/000", "tile/-1/000", "tile/+1/000", "tile/a/000", "tile/ 0/000",
		"tile/0x0/000", "tile/entry/000", "tile/Entries/000", "tile/data/000", "tile/8/0/000", "tile/8/data/000",
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/-01", "tile/0/+01", "tile/0/ 01", "tile/0/0_1", "tile/0/٠٠٠",
		"tile/0/x000/000", "tile/0/x000/x001/000", "tile/0/001/000", "tile/0/x001", "tile/0/x001/", "tile/0/x001/x000",
		"tile/0/x01/000", "tile/0/x0001/000", "tile/0/X001/000", "tile/0/xx001/000", "tile/0/x001/0x00", "tile/0/x001//000", "tile/0/x1/x000",
		"tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
		"tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/257",
		"tile/0/000.p/-1", "tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.P/1", "tile/0/000p/1", "tile/0/000.p/x01",
		"tile/0/x001.p/1/000", "tile/0/000\n", "tile/0/000\x00", " tile/0/000", "tile/0/000 ", "tile/0/000?x", "tile/0/%30%30%30",
		"tile/0/" + strings.Repeat("x000/", 1000) + "000",
	} {
		if got, err := ParseTilePath(path); !errors.Is(err, ErrTile) || got != (Tile{}) {
			t.Errorf("%q: %+v, %v; want ErrTile", path, got, err)
		}
	}
}

func TestTilePathsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Tile{rapid.IntRange(-1, 63).Draw(t, "level"), rapid.Uint64().Draw(t, "index"), rapid.IntRange(1, 256).Draw(t, "width")}
		if got, err := ParseTilePath(want.Path()); err != nil || got != want {
			t.Fatalf("%s reads back as %+v, %v", want.Path(), got, err)
		}
		// The checksum database's paths have the tile's height before the same rest.
		theirs := tlog.Tile{H: 8, L: max(want.Level, -1), N: int64(want.Index >> 1), W: want.Width}
		ours := strings.Replace(Tile{want.Level, want.Index >> 1, want.Width}.Path(), "/entries/", "/data/", 1)
		if theirs.Path() != strings.Replace(ours, "tile/", "tile/8/", 1) {
			t.Fatalf("%s here, %s there", ours, theirs.Path())
		}
	})
}

func TestTiles(t *testing.T) {
	paths := func(tiles func(func(Tile) bool)) (all []string) {
		for tile := range tiles {
			all = append(all, tile.Path())
		}
		return all
	}
	for size, want := range map[uint64][]string{
		0:   nil,
		1:   {"tile/0/000.p/1"},
		255: {"tile/0/000.p/255"},
		256: {"tile/0/000", "tile/1/000.p/1"},
		257: {"tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"},
		512: {"tile/0/000", "tile/0/001", "tile/1/000.p/2"},
	} {
		if got := paths(Tiles(size)); !slices.Equal(got, want) {
			t.Errorf("size %d: %v", size, got)
		}
	}
	// The specification's example of 70,000 leaves.
	got := paths(Tiles(70000))
	if len(got) != 273+1+1+1+1 || got[272] != "tile/0/272" || !slices.Equal(got[273:], []string{
		"tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1",
	}) {
		t.Errorf("size 70000: %d tiles, %v", len(got), got[len(got)-5:])
	}
	bundles := paths(EntryBundles(70000))
	if len(bundles) != 274 || bundles[0] != "tile/entries/000" || bundles[273] != "tile/entries/273.p/112" {
		t.Errorf("bundles of size 70000: %d", len(bundles))
	}
	if got := paths(EntryBundles(0)); got != nil {
		t.Errorf("bundles of nothing: %v", got)
	}
}

func TestTilesStop(t *testing.T) {
	seen := 0
	for range Tiles(1<<64 - 1) {
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Error("the iteration went on")
	}
}

// The tiles of a tree hold each of its hashes once, in order, and no tile is empty.
func TestTilesCoverTheTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Max(1<<18).Draw(t, "size")
		next := map[int]uint64{}
		for tile := range Tiles(size) {
			if tile.Index*256 != next[tile.Level] || tile.Width < 1 || tile.Width > 256 {
				t.Fatalf("%+v after %d hashes", tile, next[tile.Level])
			}
			for _, n := range []uint64{0, uint64(tile.Width) - 1} {
				if at, ok := TileAt(tile.Level, tile.Index*256+n, size); !ok || at != tile {
					t.Fatalf("hash %d of %+v is in %+v", n, tile, at)
				}
			}
			next[tile.Level] += uint64(tile.Width)
		}
		for level, span := 0, uint64(1); level < 9; level, span = level+1, span*256 {
			want := uint64(0)
			if level < 8 {
				want = size / span
			}
			if next[level] != want {
				t.Fatalf("level %d: %d hashes of %d", level, next[level], want)
			}
			if _, ok := TileAt(level, want, size); ok {
				t.Fatalf("level %d has a hash %d", level, want)
			}
		}
	})
}

func TestTileAtEdges(t *testing.T) {
	const largest = 1<<64 - 1
	if tile, ok := TileAt(0, largest-1, largest); !ok || tile != (Tile{0, 1<<56 - 1, 255}) {
		t.Errorf("%+v", tile)
	}
	if tile, ok := TileAt(7, 254, largest); !ok || tile != (Tile{7, 0, 255}) {
		t.Errorf("%+v", tile)
	}
	for _, c := range []struct {
		level   int
		n, size uint64
	}{{-2, 0, 1}, {-1 << 63, 0, 1}, {0, 0, 0}, {-1, 0, 0}, {0, 1, 1}, {1, 0, 255}, {8, 0, largest}, {63, 0, largest}, {1 << 40, 0, largest}} {
		if tile, ok := TileAt(c.level, c.n, c.size); ok {
			t.Errorf("hash %d of level %d in %d leaves: %+v", c.n, c.level, c.size, tile)
		}
	}
}

// From nothing but tiles come the root and every proof.
func TestTileNodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := leavesOf(rapid.IntRange(1, 1500).Draw(t, "size"))
		size := uint64(len(leaves))
		tiles := tilesFor(leaves)
		node := TileNodes(size, reader(tiles))
		r, err := NewRange(size, node)
		if err != nil || r.Root() != mth(leaves) {
			t.Fatalf("root of %d: %v", size, err)
		}
		i := rapid.Uint64Range(0, size-1).Draw(t, "index")
		hashes, err := InclusionProof(i, size, node)
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyInclusion(leaves[i], i, size, hashes, r.Root()); err != nil {
			t.Fatal(err)
		}
		from := rapid.Uint64Range(1, size).Draw(t, "from")
		hashes, err = ConsistencyProof(from, size, node)
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyConsistency(from, size, hashes, mth(leaves[:from]), r.Root()); err != nil {
			t.Fatal(err)
		}
	})
}

// A flipped byte in a tile shows in the root or in a proof that needs it.
func TestTilesAreProved(t *testing.T) {
	leaves := leavesOf(600)
	for path := range tilesFor(leaves) {
		tiles := tilesFor(leaves)
		tiles[path] = flipped(tiles[path], len(tiles[path])-1)
		refused := false
		for i, leaf := range leaves {
			hashes, err := InclusionProof(uint64(i), 600, TileNodes(600, reader(tiles)))
			refused = refused || err != nil || VerifyInclusion(leaf, uint64(i), 600, hashes, mth(leaves)) != nil
		}
		if !refused {
			t.Errorf("%s may be changed", path)
		}
	}
}

func TestTileNodesRefuses(t *testing.T) {
	leaves := leavesOf(300)
	node := TileNodes(300, reader(tilesFor(leaves)))
	for _, c := range []struct {
		level uint
		index uint64
	}{{0, 300}, {8, 1}, {9, 0}, {2, 75}, {63, 0}, {64, 0}, {1000, 0}, {0, 1<<64 - 1}, {8, 1<<64 - 1}} {
		if _, err := node(c.level, c.index); !errors.Is(err, ErrTile) {
			t.Errorf("node %d of level %d: %v", c.index, c.level, err)
		}
	}
	for why, tiles := range map[string]map[string][]byte{
		"no tiles":    {},
		"short ones":  {"tile/0/000": make([]byte, 8191), "tile/1/000.p/1": nil},
		"longer ones": {"tile/0/000": make([]byte, 8193), "tile/1/000.p/1": make([]byte, 64)},
	} {
		node := TileNodes(300, reader(tiles))
		for level := range uint(9) {
			if h, err := node(level, 0); err == nil {
				t.Errorf("%s: level %d is %s", why, level, h)
			}
		}
	}
}

func TestParseHashes(t *testing.T) {
	hashes, err := ParseHashes(append(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)...), 2)
	if err != nil || len(hashes) != 2 || hashes[0][0] != 1 || hashes[1][31] != 2 {
		t.Errorf("%v, %v", hashes, err)
	}
	for _, c := range []struct{ length, width int }{{0, 0}, {32, 0}, {32, 2}, {31, 1}, {33, 1}, {64, 1}, {8224, 257}, {0, -1}, {0, 1}} {
		if _, err := ParseHashes(make([]byte, c.length), c.width); !errors.Is(err, ErrTile) {
			t.Errorf("%d bytes for %d: %v", c.length, c.width, err)
		}
	}
}

func TestEntryBundles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 256).Draw(t, "entries")
		bundle, err := MarshalEntries(entries)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseEntries(bundle, len(entries))
		if err != nil || !slices.EqualFunc(got, entries, bytes.Equal) {
			t.Fatalf("%x reads back as %x, %v", entries, got, err)
		}
		for _, width := range []int{len(entries) - 1, len(entries) + 1} {
			if _, err := ParseEntries(bundle, width); !errors.Is(err, ErrTile) {
				t.Fatalf("%d entries read as %d: %v", len(entries), width, err)
			}
		}
		cut := rapid.IntRange(0, len(bundle)-1).Draw(t, "cut")
		if _, err := ParseEntries(bundle[:cut], len(entries)); !errors.Is(err, ErrTile) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	})
}

func TestEntryBundleEdges(t *testing.T) {
	longest := make([]byte, 65535)
	bundle, err := MarshalEntries([][]byte{longest, nil})
	if err != nil || !bytes.HasPrefix(bundle, []byte{0xff, 0xff}) || len(bundle) != 2+65535+2 {
		t.Errorf("%d bytes, %v", len(bundle), err)
	}
	for why, entries := range map[string][][]byte{
		"none":          nil,
		"257":           make([][]byte, 257),
		"one of 64 KiB": {make([]byte, 65536)},
		"the last so":   {nil, make([]byte, 65536)},
	} {
		if _, err := MarshalEntries(entries); !errors.Is(err, ErrTile) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for why, c := range map[string]struct {
		bundle []byte
		width  int
	}{
		"none":           {nil, 0},
		"less than none": {nil, -1},
		"257":            {make([]byte, 2*257), 257},
		"nothing":        {nil, 1},
		"half a length":  {[]byte{0}, 1},
		"a byte more":    {[]byte{0, 0, 0}, 1},
		"a byte less":    {[]byte{0, 2, 7}, 1},
	} {
		if _, err := ParseEntries(c.bundle, c.width); !errors.Is(err, ErrTile) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// An entry cannot grow over its neighbour.
func TestEntriesAreApart(t *testing.T) {
	bundle, err := MarshalEntries([][]byte{{1}, {2}})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := ParseEntries(bundle, 2)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(entries[0], 9, 9, 9)
	if entries[1][0] != 2 {
		t.Error("the second entry was written over")
	}
}
