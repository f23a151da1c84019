package audit

import (
	"errors"
	"fmt"
	"io/fs"

	"stellad/tlog"
)

// Prove makes the proof that one record stands in a log, to be taken away by itself:
// the record's line travels in Extra. node gives the tree's subtrees at the
// checkpoint's size. It wraps ErrTampered where the checkpoint is not signed by key
// or the line is not in its tree, and ErrExport where the log has no such record;
// errors of node are wrapped. docs/formats/audit.md §9; C2SP tlog-proof.
func Prove(checkpoint []byte, key *tlog.VerifierKey, seq uint64, line []byte, node tlog.NodeFunc) (*tlog.Proof, error) {
	c, err := openCheckpoint(checkpoint, key)
	if err != nil {
		return nil, tampered(fileCheckpoint, err)
	}
	if seq >= c.Size {
		return nil, unreadable(recordAt(seq), fmt.Errorf("the log has %d records", c.Size))
	}
	hashes, err := tlog.InclusionProof(seq, c.Size, node)
	if err != nil {
		return nil, err
	}
	p := &tlog.Proof{Index: seq, Hashes: hashes, Extra: line, Checkpoint: checkpoint}
	if _, err := VerifyProof(p, key); err != nil {
		return nil, err
	}
	return p, nil
}

// ProveFrom is Prove for a record of an export, from its tiles. A nil key takes the
// export's own. What else is in the export is not looked at.
func ProveFrom(export fs.FS, key *tlog.VerifierKey, seq uint64) (*tlog.Proof, error) {
	v := &verification{files: files{export}}
	c, err := v.latest(key)
	if err != nil {
		return nil, err
	}
	t, ok := tlog.TileAt(-1, seq, c.Size)
	if !ok {
		return nil, unreadable(recordAt(seq), fmt.Errorf("the log has %d records", c.Size))
	}
	bundle, err := v.small(t.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(t.Path(), errors.New("the export does not hold the record"))
	}
	if err != nil {
		return nil, err
	}
	entries, err := tlog.ParseEntries(bundle, t.Width)
	if err != nil {
		return nil, tampered(t.Path(), err)
	}
	node := tlog.TileNodes(c.Size, func(t tlog.Tile) ([]byte, error) { return v.small(t.Path()) })
	p, err := Prove(v.latestAs, v.key, seq, entries[seq%bundleSize], node)
	if errors.Is(err, tlog.ErrTile) {
		return nil, tampered(dirTiles, err)
	}
	return p, err
}

// VerifyProof checks that the record in p.Extra stands at p.Index in the log of key,
// and gives the record. Errors wrap ErrTampered. docs/formats/audit.md §9.
func VerifyProof(p *tlog.Proof, key *tlog.VerifierKey) (*Record, error) {
	r, err := ParseLine(p.Extra)
	if err != nil {
		return nil, tampered("proof", err)
	}
	if r.Seq != p.Index {
		return nil, tamperedf("proof", "record %d at index %d", r.Seq, p.Index)
	}
	if _, err := p.Verify(tlog.LeafHash(p.Extra), key.Name(), []*tlog.VerifierKey{key}, tlog.Quorum{}); err != nil {
		return nil, tampered("proof", err)
	}
	return r, nil
}
