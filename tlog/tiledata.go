package tlog

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// ParseHashes reads the content of a tile of hashes: exactly width×32 bytes, with
// width from 1 to 256. Errors wrap ErrTile. C2SP tlog-tiles, "Merkle Tree".
func ParseHashes(tile []byte, width int) ([]Hash, error) {
	if width < 1 || width > fullWidth || len(tile) != width*sha256.Size {
		return nil, fmt.Errorf("%w: %d bytes for %d hashes", ErrTile, len(tile), width)
	}
	hashes := make([]Hash, width)
	for i := range hashes {
		copy(hashes[i][:], tile[i*sha256.Size:])
	}
	return hashes, nil
}

// ParseEntries reads an entry bundle: width entries, from 1 to 256, each a
// big-endian uint16 length and that many bytes, and nothing after them. The entries
// share memory with the bundle. Errors wrap ErrTile. C2SP tlog-tiles, "Log entries".
func ParseEntries(bundle []byte, width int) ([][]byte, error) {
	if width < 1 || width > fullWidth {
		return nil, fmt.Errorf("%w: a bundle of %d entries", ErrTile, width)
	}
	entries := make([][]byte, width)
	for i := range entries {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("%w: entry %d of %d is cut short", ErrTile, i+1, width)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries[i] = bundle[2:end:end]
		bundle = bundle[end:]
	}
	if len(bundle) != 0 {
		return nil, fmt.Errorf("%w: %d bytes after %d entries", ErrTile, len(bundle), width)
	}
	return entries, nil
}

// MarshalEntries writes the entry bundle that ParseEntries reads. More than 256
// entries or none, and an entry over 65535 bytes, is an error that wraps ErrTile.
// C2SP tlog-tiles, "Log entries".
func MarshalEntries(entries [][]byte) ([]byte, error) {
	if len(entries) < 1 || len(entries) > fullWidth {
		return nil, fmt.Errorf("%w: a bundle of %d entries", ErrTile, len(entries))
	}
	var bundle []byte
	for i, entry := range entries {
		if len(entry) > math.MaxUint16 {
			return nil, fmt.Errorf("%w: entry %d has %d bytes", ErrTile, i+1, len(entry))
		}
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
		bundle = append(bundle, entry...)
	}
	return bundle, nil
}

// TileNodes gives the nodes of a tree of size leaves out of its tiles, of which read
// gives the content. It calls read once for each node, at the width that the tile
// has in this tree; it keeps and authenticates nothing. A node that the tree lacks
// and a tile of another length wrap ErrTile; errors of read are wrapped. C2SP
// tlog-tiles, "Merkle Tree".
func TileNodes(size uint64, read func(Tile) ([]byte, error)) NodeFunc {
	return func(level uint, index uint64) (Hash, error) {
		if index >= size>>level {
			return Hash{}, fmt.Errorf("%w: no perfect subtree %d of level %d in %d leaves", ErrTile, index, level, size)
		}
		below := level % tileHeight // levels from the tile's hashes up to the node
		first := index << below
		t, _ := TileAt(int(level/tileHeight), first, size)
		content, err := read(t)
		if err != nil {
			return Hash{}, fmt.Errorf("read %s: %w", t.Path(), err)
		}
		hashes, err := ParseHashes(content, t.Width)
		if err != nil {
			return Hash{}, fmt.Errorf("%s: %w", t.Path(), err)
		}
		var node Range
		for _, h := range hashes[first%fullWidth:][:1<<below] {
			node.Append(h)
		}
		return node.Root(), nil
	}
}
