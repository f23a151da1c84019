package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	"stellad/tlog"
)

// batch is the records of one entry bundle, and what is computed of them alone.
type batch struct {
	first uint64
	lines [][]byte // the leaves
	notes [][]byte // their annotations' lines, nil where there is none

	records     []*Record
	annotations []*Annotation
	leaves      []tlog.Hash
	bundle      []byte // as tile/entries has it
	table       []byte // rows of table.csv
}

// read fills in what follows from the lines. Errors wrap ErrTampered and name the record.
func (b *batch) read() error {
	for i, line := range b.lines {
		seq := b.first + uint64(i)
		r, err := ParseLine(line)
		if err != nil {
			return tampered(recordAt(seq), err)
		}
		var note *Annotation
		if b.notes[i] != nil {
			if note, err = ParseAnnotation(b.notes[i]); err != nil {
				return tampered(annotationOf(seq), err)
			}
			if r.Note != note.Hash() {
				return tampered(annotationOf(seq), fmt.Errorf("its hash is not the record's note %q", r.Note))
			}
		}
		b.records = append(b.records, r)
		b.annotations = append(b.annotations, note)
		b.leaves = append(b.leaves, tlog.LeafHash(line))
		b.bundle = append(binary.BigEndian.AppendUint16(b.bundle, uint16(len(line))), line...)
		b.table = appendRow(b.table, r, note)
	}
	return nil
}

// batches cuts the records of a span into batches and lays each annotation beside
// its record. Both come in order, and must stay as they are until the next is drawn.
func batches(s span, lines, notes iter.Seq2[[]byte, error]) iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		beside := newNotes(notes)
		defer beside.stop()
		nextLine, stop := iter.Pull2(lines)
		defer stop()
		for at := s.first; at < s.end; at += bundleSize {
			b, err := nextBatch(at, min(at+bundleSize, s.end), nextLine, beside)
			if !yield(b, err) || err != nil {
				return
			}
		}
		if err := beside.atEnd(); err != nil {
			yield(nil, err)
			return
		}
		if _, err, more := nextLine(); more {
			yield(nil, orTampered(err, recordAt(s.end), "a record after the checkpoint's last"))
		}
	}
}

func nextBatch(at, end uint64, nextLine func() ([]byte, error, bool), beside *notes) (*batch, error) {
	b := &batch{first: at}
	for seq := at; seq < end; seq++ {
		line, err, ok := nextLine()
		if err != nil || !ok {
			return nil, orTampered(err, recordAt(seq), "it is missing")
		}
		note, err := beside.of(seq)
		if err != nil {
			return nil, err
		}
		b.lines, b.notes = append(b.lines, bytes.Clone(line)), append(b.notes, note)
	}
	return b, nil
}

// notes hands out annotations by the seq that each begins with.
type notes struct {
	next func() ([]byte, error, bool)
	stop func()
	line []byte // the next one that was not handed out; nil at the end
	seq  uint64 // of it
	read bool
}

func newNotes(lines iter.Seq2[[]byte, error]) *notes {
	n := &notes{}
	n.next, n.stop = iter.Pull2(lines)
	return n
}

// of gives the annotation of a record, nil where there is none. Seqs ascend from
// call to call.
func (n *notes) of(seq uint64) ([]byte, error) {
	if !n.read {
		if err := n.advance(); err != nil {
			return nil, err
		}
	}
	if n.line == nil || n.seq > seq {
		return nil, nil
	}
	if n.seq < seq {
		return nil, tampered(annotationOf(n.seq), fmt.Errorf("it stands twice, out of order, or before the first record"))
	}
	line := bytes.Clone(n.line)
	return line, n.advance()
}

func (n *notes) advance() (err error) {
	n.read = true
	line, err, ok := n.next()
	if n.line = line; err != nil || !ok {
		n.line = nil
		return err
	}
	n.seq, ok = seqOf(line)
	if !ok {
		return tampered(fileAnnotations, fmt.Errorf("a line that does not begin with a seq: %.40q", line))
	}
	return nil
}

func (n *notes) atEnd() error {
	if !n.read {
		if err := n.advance(); err != nil {
			return err
		}
	}
	if n.line != nil {
		return tampered(annotationOf(n.seq), fmt.Errorf("it has no record"))
	}
	return nil
}

// seqOf reads the seq that an annotation's line begins with.
func seqOf(line []byte) (seq uint64, ok bool) {
	rest, prefixed := bytes.CutPrefix(line, []byte(`{"seq":`))
	digits, _, comma := bytes.Cut(rest, []byte{','})
	if !prefixed || !comma || len(digits) == 0 || len(digits) > 16 || !only(string(digits), "0123456789") {
		return 0, false
	}
	for _, d := range digits {
		seq = seq*10 + uint64(d-'0')
	}
	return seq, true
}

func recordAt(seq uint64) string {
	return fmt.Sprintf("%s: record %d", recordsFile(seq/chunkSize), seq)
}

func annotationOf(seq uint64) string {
	return fmt.Sprintf("%s: annotation of record %d", fileAnnotations, seq)
}
