package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// verify walks the records and then looks at what stands beside them.
func (v *verification) verify() (*Result, error) {
	var closer io.Closer
	var err error
	if v.table, closer, err = v.compare(fileTable); err != nil {
		return nil, err
	}
	defer closer.Close()
	if err := v.table.next("its head", []byte(tableHead)); err != nil {
		return nil, err
	}
	if err := v.run(batches(v.span, v.records(), v.lines(fileAnnotations)), v.marks(), v.read, v.rows); err != nil {
		return nil, err
	}
	if err := errors.Join(v.table.end(), v.consistent(), v.texts()); err != nil {
		return nil, err
	}
	return v.result, nil
}

// read does what can be done for each batch alone.
func (v *verification) read(b *batch) error {
	if err := b.read(); err != nil {
		return err
	}
	return v.same(v.bundle(-1, b.first).Path(), b.bundle)
}

// rows holds the table to the records.
func (v *verification) rows(b *batch) error {
	rows := b.table
	for i := range b.records {
		end := bytes.IndexByte(rows, '\n') + 1
		if err := v.table.next(fmt.Sprintf("the row of record %d", b.first+uint64(i)), rows[:end]); err != nil {
			return err
		}
		rows = rows[end:]
	}
	return nil
}

// records gives all lines, each file with as many as it should have.
func (v *verification) records() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for at := v.first; at < v.end; {
			name := recordsFile(at / chunkSize)
			end := min((at/chunkSize+1)*chunkSize, v.end)
			for line, err := range v.lines(name) {
				if at++; err == nil && at > end {
					err = tamperedf(name, "it goes on after record %d", end-1)
				}
				if !yield(line, err) || err != nil {
					return
				}
			}
			if at < end {
				yield(nil, tamperedf(name, "record %d is missing", at))
				return
			}
		}
	}
}

// marks gives the claims of the checkpoints in the export, by ascending size. The
// latest must be among them.
func (v *verification) marks() iter.Seq2[claim, error] {
	return func(yield func(claim, error) bool) {
		for _, size := range v.sizes {
			if !yield(v.claim(size)) {
				return
			}
		}
		name := checkpointFile(v.end)
		if len(v.sizes) == 0 || v.sizes[len(v.sizes)-1] != v.end {
			yield(claim{}, tamperedf(name, "it is missing"))
		}
	}
}

func (v *verification) claim(size uint64) (claim, error) {
	name := checkpointFile(size)
	msg, err := v.small(name)
	if err != nil {
		return claim{}, err
	}
	c, err := v.open(name, msg)
	switch {
	case err != nil:
		return claim{}, err
	case c.Size != size:
		return claim{}, tamperedf(name, "it is of %d records", c.Size)
	case size == v.end && !bytes.Equal(msg, v.latestAs):
		return claim{}, tamperedf(name, "it is not the file %s", fileCheckpoint)
	}
	return claim{name, size, c.Root}, nil
}
