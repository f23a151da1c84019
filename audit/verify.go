package audit

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"stellad/tlog"
)

// VerifyOptions say what an export is held to.
type VerifyOptions struct {
	Key      *tlog.VerifierKey // the audit key, as it was written down; nil takes the export's own, and the Result says so
	Baseline []byte            // a checkpoint from another day, to which the log must be consistent; nil for none
}

// Verify checks everything in an export: the checkpoint's signature by the pinned
// key; each line's form, its seq and its time; the root over all lines; every tile,
// entry bundle, older checkpoint and table row against the lines; the annotations
// against their records; the genesis record against the key; and that there is no
// other file. It wraps ErrTampered with the file and record that do not hold, or
// ErrExport where there is nothing to judge; it gives a Result or an error, never
// both. It reads each file once, keeps a few MiB and 3 bits a record, and uses all
// cores. An older checkpoint that was left out can't be noticed: keep your own and
// give it as Baseline. docs/formats/audit.md §8.
func Verify(export fs.FS, opts VerifyOptions) (*Result, error) {
	v := &verification{files: files{export}}
	latest, err := v.latest(opts.Key)
	if err != nil {
		return nil, err
	}
	if err := v.opposed(latest.Size, opts.Baseline); err != nil {
		return nil, err
	}
	v.walk = newWalk(spanOf(v.from, latest.Size), v.key, latest, v.older)
	v.result.KeyFromExport = opts.Key == nil
	v.result.Since, v.result.Baseline = v.from, v.baseline
	if err := v.list(); err != nil {
		return nil, err
	}
	if err := v.seed(); err != nil {
		return nil, err
	}
	return v.verify()
}

type verification struct {
	*walk
	files
	key      *tlog.VerifierKey
	latestAs []byte   // the file "checkpoint"
	from     uint64   // the size of since.checkpoint; 0 in a whole export
	partial  bool     // there is a since.checkpoint
	baseline uint64   // the size of the baseline; 0 where there is none
	older    []claim  // of both
	sizes    []uint64 // for which there is a checkpoint, ascending
	table    *compared
}

// latest opens the checkpoint that the export stands under.
func (v *verification) latest(pinned *tlog.VerifierKey) (*tlog.SignedCheckpoint, error) {
	msg, err := v.small(fileCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(fileCheckpoint, errors.New("it is missing"))
	}
	if err != nil {
		return nil, err
	}
	vkey, err := v.small(fileKey)
	if err != nil {
		return nil, err
	}
	v.key, err = tlog.ParseVerifierKey(strings.TrimSuffix(string(vkey), "\n"))
	if err != nil || v.key.String()+"\n" != string(vkey) || v.key.Cosigns() {
		return nil, tamperedf(fileKey, "not a log's verifier key and an LF")
	}
	if pinned != nil && pinned.String() != v.key.String() {
		return nil, tamperedf(fileKey, "it is not the pinned key %s", pinned)
	}
	v.latestAs = msg
	return v.open(fileCheckpoint, msg)
}

func (v *verification) open(where string, msg []byte) (*tlog.SignedCheckpoint, error) {
	c, err := openCheckpoint(msg, v.key)
	if err != nil {
		return nil, tampered(where, err)
	}
	return c, nil
}

// opposed opens the checkpoints of other days: the one that a partial export starts
// at, and the auditor's own.
func (v *verification) opposed(size uint64, baseline []byte) error {
	msg, err := v.small(fileSince)
	v.partial = err == nil
	if v.partial {
		c, err := v.open(fileSince, msg)
		if err != nil {
			return err
		}
		v.from = c.Size
		v.older = append(v.older, claim{fileSince, c.Size, c.Root})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if v.from > size {
		return tamperedf(fileSince, "its %d records are more than the log's %d", v.from, size)
	}
	if baseline == nil {
		return nil
	}
	return v.against(baseline, size)
}

// against opens the baseline. Its signature must hold; what other signatures it
// bears is the auditor's own affair.
func (v *verification) against(baseline []byte, size uint64) error {
	const where = "baseline"
	c, err := tlog.OpenCheckpoint(baseline, v.key.Name(), []*tlog.VerifierKey{v.key}, tlog.Quorum{})
	switch {
	case errors.Is(err, tlog.ErrNote), errors.Is(err, tlog.ErrCheckpoint):
		return unreadable(where, err)
	case err != nil:
		return tampered(where, err)
	case c.Size > size:
		return tamperedf(where, "it has %d records, the export's log only %d", c.Size, size)
	case c.Size < spanOf(v.from, size).first || c.Size == 0:
		return unreadable(where, errors.New("it is older than the first record of the export: take an export from further back"))
	}
	v.baseline = c.Size
	v.older = append(v.older, claim{where, c.Size, c.Root})
	return nil
}

// list refuses files that belong to no export, and finds the checkpoints.
func (v *verification) list() error {
	err := fs.WalkDir(v.files.FS, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return unreadable(name, err)
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return tamperedf(name, "not a regular file")
		}
		if digits, ok := strings.CutPrefix(name, dirCheckpoints); ok {
			size, err := strconv.ParseUint(digits, 10, 64)
			if err != nil || checkpointFile(size) != name || size < max(v.from, 1) || size > v.end {
				return tamperedf(name, "no checkpoint of this log has this name")
			}
			v.sizes = append(v.sizes, size)
			return nil
		}
		if !v.has(name, v.partial) {
			return tamperedf(name, "it belongs to no export of this log")
		}
		return nil
	})
	slices.Sort(v.sizes)
	return err
}

// seed takes, in a partial export, the subtrees left of the first record from the
// tiles. They are believed once the roots that stand on them are met.
func (v *verification) seed() (err error) {
	var node tlog.NodeFunc
	if v.partial {
		node = tlog.TileNodes(v.end, func(t tlog.Tile) ([]byte, error) { return v.small(t.Path()) })
	}
	if v.tree, err = tlog.NewRange(v.first, node); err == nil {
		v.tiles, err = growFrom(v.first, node, func(t tlog.Tile, content []byte) error {
			return v.same(t.Path(), content)
		})
	}
	if errors.Is(err, tlog.ErrTile) {
		return tampered(dirTiles, err)
	}
	return err
}

// consistent checks the proof from since.checkpoint on.
func (v *verification) consistent() error {
	if !v.partial {
		return nil
	}
	text, err := v.small(fileConsistency)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(text)
	if err != nil {
		return tampered(fileConsistency, err)
	}
	if err := tlog.VerifyConsistency(v.from, v.end, hashes, v.older[0].root, v.result.Root); err != nil {
		return tampered(fileConsistency, err)
	}
	return nil
}

func (v *verification) texts() error {
	for _, text := range []struct {
		name string
		own  []byte
	}{{fileGuide, guide}, {fileVerifier, verifier}} {
		content, err := v.small(text.name)
		if err != nil {
			return err
		}
		if !bytes.Equal(content, text.own) {
			v.result.Foreign = append(v.result.Foreign, text.name)
		}
	}
	return nil
}
