package audit

import (
	"bytes"
	"iter"

	"stellad/tlog"
)

// exporter is an export that is being written.
type exporter struct {
	*walk
	put  Sink
	src  Source
	opts ExportOptions

	from        uint64 // the size of opts.Since, or 0
	claims      []claim
	consistency *consistency // nil in a whole export
	chunk       bytes.Buffer // of records
	table, note int64        // the lengths of table.csv and annotations.jsonl
}

// since opens the older checkpoint.
func (e *exporter) since(size uint64) error {
	if e.opts.Since == nil {
		return nil
	}
	older, err := openCheckpoint(e.opts.Since, e.opts.Key)
	if err != nil {
		return tampered(fileSince, err)
	}
	if older.Size > size {
		return tamperedf(fileSince, "its %d records are more than the %d of the log", older.Size, size)
	}
	e.from = older.Size
	e.claims = []claim{{fileSince, older.Size, older.Root}}
	e.consistency, err = newConsistency(older.Size, size)
	return err
}

// prefix hashes the records before the export's first.
func (e *exporter) prefix() (err error) {
	if e.tiles, err = growFrom(0, nil, e.putTile); err != nil || e.first == 0 {
		return err
	}
	for line, err := range e.src.Lines(0, e.first) {
		if err != nil {
			return err
		}
		leaf := tlog.LeafHash(line)
		e.consistency.append(e.tree.Size(), leaf)
		e.tree.Append(leaf)
		if err := e.tiles.append(leaf); err != nil {
			return err
		}
	}
	if e.tree.Size() != e.first {
		return tamperedf(recordAt(e.tree.Size()), "it is missing")
	}
	return nil
}

func (e *exporter) batches() iter.Seq2[*batch, error] {
	return batches(e.span, e.src.Lines(e.first, e.end), e.annotations())
}

func (e *exporter) annotations() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for a, err := range e.src.Annotations(e.first, e.end) {
			var line []byte
			if err == nil {
				line, err = a.Line()
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// marks puts each checkpoint that the log kept, and the latest, as the records
// reach it.
func (e *exporter) marks() iter.Seq2[claim, error] {
	return func(yield func(claim, error) bool) {
		var last uint64
		for msg, err := range e.src.Checkpoints() {
			c, err := e.kept(msg, last, err)
			if err != nil {
				yield(c, err)
				return
			}
			if last = c.size; c.size < e.from {
				continue
			}
			if c.size >= e.end {
				break // by the same key: the latest stands for it
			}
			if !yield(c, e.file(c.where, msg)) {
				return
			}
		}
		name := checkpointFile(e.end)
		yield(claim{name, e.end, e.result.Root}, e.file(name, e.opts.Checkpoint))
	}
}

func (e *exporter) kept(msg []byte, last uint64, err error) (claim, error) {
	if err != nil {
		return claim{}, err
	}
	c, err := openCheckpoint(msg, e.opts.Key)
	if err != nil {
		return claim{}, tampered("a checkpoint of the log", err)
	}
	name := checkpointFile(c.Size)
	if c.Size <= last {
		return claim{}, tamperedf(name, "it comes after a checkpoint of %d records", last)
	}
	return claim{name, c.Size, c.Root}, nil
}

func (e *exporter) take(b *batch) error {
	t := e.bundle(-1, b.first)
	if err := e.file(t.Path(), b.bundle); err != nil {
		return err
	}
	for i, line := range b.lines {
		e.chunk.Write(line)
		e.chunk.WriteByte('\n')
		if e.consistency != nil {
			e.consistency.append(b.first+uint64(i), b.leaves[i])
		}
		if b.notes[i] != nil {
			e.note += int64(len(b.notes[i])) + 1
		}
	}
	e.table += int64(len(b.table))
	end := b.first + uint64(len(b.lines))
	if end%chunkSize != 0 && end != e.end {
		return nil
	}
	defer e.chunk.Reset()
	return e.file(recordsFile(b.first/chunkSize), e.chunk.Bytes())
}

func (e *exporter) putTile(t tlog.Tile, content []byte) error {
	if !e.hasTile(t) {
		return nil
	}
	return e.file(t.Path(), content)
}
