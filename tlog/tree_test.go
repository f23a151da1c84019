package tlog

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// The definitions of RFC 6962 §2.1 as they stand there, recursive and slow, to hold
// the package against.

func mth(d []Hash) Hash {
	switch n := len(d); n {
	case 0:
		return EmptyRoot()
	case 1:
		return d[0]
	default:
		k := split(n)
		return NodeHash(mth(d[:k]), mth(d[k:]))
	}
}

// split gives the largest power of two below n.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

func path(m int, d []Hash) []Hash {
	if len(d) == 1 {
		return nil
	}
	k := split(len(d))
	if m < k {
		return append(path(m, d[:k]), mth(d[k:]))
	}
	return append(path(m-k, d[k:]), mth(d[:k]))
}

func subproof(m int, d []Hash, complete bool) []Hash {
	if m == len(d) {
		if complete {
			return nil
		}
		return []Hash{mth(d)}
	}
	k := split(len(d))
	if m <= k {
		return append(subproof(m, d[:k], complete), mth(d[k:]))
	}
	return append(subproof(m-k, d[k:], false), mth(d[:k]))
}

func leavesOf(n int) []Hash {
	leaves := make([]Hash, n)
	for i := range leaves {
		leaves[i] = LeafHash(binary.BigEndian.AppendUint32(nil, uint32(i)))
	}
	return leaves
}

func nodesOf(leaves []Hash) NodeFunc {
	return func(level uint, index uint64) (Hash, error) {
		return mth(leaves[index<<level : (index+1)<<level]), nil
	}
}

// tilesFor gives the content of every tile of the tree, by its path.
func tilesFor(leaves []Hash) map[string][]byte {
	tiles := map[string][]byte{}
	for t := range Tiles(uint64(len(leaves))) {
		span := uint64(1) << (8 * t.Level)
		var content []byte
		for i := range uint64(t.Width) {
			start := (t.Index*256 + i) * span
			h := mth(leaves[start : start+span])
			content = append(content, h[:]...)
		}
		tiles[t.Path()] = content
	}
	return tiles
}

func reader(tiles map[string][]byte) func(Tile) ([]byte, error) {
	return func(t Tile) ([]byte, error) {
		content, ok := tiles[t.Path()]
		if !ok {
			return nil, fmt.Errorf("no file %s", t.Path())
		}
		return content, nil
	}
}
