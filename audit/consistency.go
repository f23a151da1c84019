package audit

import (
	"bytes"
	"encoding/base64"
	"errors"

	"stellad/tlog"
)

// consistency builds the proof from one size of a growing tree to another, by the
// way: it keeps a range over each subtree that the proof is made of. RFC 6962 §2.1.2.
type consistency struct {
	from, to uint64
	subtrees map[[2]uint64]*tlog.Range // by level and index
}

func newConsistency(from, to uint64) (*consistency, error) {
	c := &consistency{from, to, map[[2]uint64]*tlog.Range{}}
	_, err := tlog.ConsistencyProof(from, to, func(level uint, index uint64) (tlog.Hash, error) {
		c.subtrees[[2]uint64{uint64(level), index}] = new(tlog.Range)
		return tlog.Hash{}, nil
	})
	return c, err
}

// append takes each leaf of the tree, from the first.
func (c *consistency) append(seq uint64, leaf tlog.Hash) {
	for at, subtree := range c.subtrees {
		if seq>>at[0] == at[1] {
			subtree.Append(leaf)
		}
	}
}

// proof gives the hashes, a line each, once all leaves were taken.
func (c *consistency) proof() ([]byte, error) {
	hashes, err := tlog.ConsistencyProof(c.from, c.to, func(level uint, index uint64) (tlog.Hash, error) {
		return c.subtrees[[2]uint64{uint64(level), index}].Root(), nil
	})
	var text []byte
	for _, h := range hashes {
		text = append(append(text, h.String()...), '\n')
	}
	return text, err
}

// parseHashes reads what proof gives.
func parseHashes(text []byte) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for line := range bytes.Lines(text) {
		raw, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil || len(raw) != len(tlog.Hash{}) || tlog.Hash(raw).String()+"\n" != string(line) {
			return nil, errors.New("a line that is not 44 characters of canonical base64")
		}
		hashes = append(hashes, tlog.Hash(raw))
	}
	return hashes, nil
}
