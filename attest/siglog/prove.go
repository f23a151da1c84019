package siglog

import (
	"fmt"

	"stellad/tlog"
)

// Prove gives the proof that entry index stands in the log under a checkpoint of
// the log's key, out of the tiles of the checkpoint's size or wider ones. The leaf is
// read from its tile, and the proof is verified before it is given: what the tiles
// don't prove wraps tlog.ErrProof, and a checkpoint that isn't the log's what
// tlog.OpenCheckpoint says. C2SP tlog-proof, tlog-tiles.
func Prove(index uint64, checkpoint []byte, log *tlog.VerifierKey, read Reader) (*tlog.Proof, error) {
	p, err := prove(index, checkpoint, log, read)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d of the signature log: %w", index, err)
	}
	return p, nil
}

func prove(index uint64, checkpoint []byte, log *tlog.VerifierKey, read Reader) (*tlog.Proof, error) {
	c, err := tlog.OpenCheckpoint(checkpoint, log.Name(), []*tlog.VerifierKey{log}, tlog.Quorum{})
	if err != nil {
		return nil, err
	}
	nodes := tlog.TileNodes(c.Size, read)
	hashes, err := tlog.InclusionProof(index, c.Size, nodes)
	if err != nil {
		return nil, err
	}
	leaf, err := nodes(0, index)
	if err != nil {
		return nil, err
	}
	if err := tlog.VerifyInclusion(leaf, index, c.Size, hashes, c.Root); err != nil {
		return nil, err
	}
	return &tlog.Proof{Index: index, Hashes: hashes, Checkpoint: checkpoint}, nil
}

// Consistent checks that a tree grew to another by entries at its end alone, out of
// the later tree's tiles. Where was is empty it holds; else errors wrap
// tlog.ErrProof, or are read's.
func Consistent(was, is State, read Reader) error {
	if was.Size == 0 {
		return nil
	}
	hashes, err := tlog.ConsistencyProof(was.Size, is.Size, tlog.TileNodes(is.Size, read))
	if err == nil {
		err = tlog.VerifyConsistency(was.Size, is.Size, hashes, was.Root, is.Root)
	}
	if err != nil {
		return fmt.Errorf("hold the signature log to its earlier self: %w", err)
	}
	return nil
}
