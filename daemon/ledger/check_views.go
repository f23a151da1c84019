package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"stellad/audit/journal"
	"stellad/store"
)

// checkViews reads the store whole and holds its views to the fold of the log, record by record: all in a copy, since
// opening Badger changes its files, more so where they are damaged. j is nil where the log can't be folded.
func checkViews(ctx context.Context, db string, views []*store.Keyspace, j *journal.Journal, tell Report) error {
	if _, err := os.Stat(filepath.Join(db, "db")); err != nil {
		return nil // told
	}
	temp, err := os.MkdirTemp("", "stellad-check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := copyStore(filepath.Join(temp, "db"), db); err != nil {
		return err
	}
	held, why, err := rowsOf(ctx, filepath.Join(temp, "db"), views, j)
	for _, what := range why {
		tell.Fault(db, strings.ReplaceAll(what, filepath.Join(temp, "db"), db))
	}
	if err != nil || j == nil || len(why) > 0 {
		return err
	}
	want, _, err := rowsOf(ctx, filepath.Join(temp, "folded"), views, j)
	if err != nil {
		return err
	}
	for _, v := range views {
		if !maps.EqualFunc(held[v.Name()], want[v.Name()], bytes.Equal) {
			tell.Fault(db, "the view "+v.Name()+" is not what folding the audit log gives")
		}
	}
	return nil
}

// rowsOf opens a store, brings its views up to the log, and gives the rows of each, by its name. why says what was wrong.
func rowsOf(ctx context.Context, dir string, views []*store.Keyspace, j *journal.Journal) (rows map[string]map[string][]byte, why []string, err error) {
	s, err := store.Open(ctx, store.Options{Dir: dir, Keyspaces: views, Floor: 1, Ballast: 1})
	if errors.Is(err, store.ErrNewer) || errors.Is(err, store.ErrKeyspace) || errors.Is(err, store.ErrDamaged) {
		return nil, []string{err.Error()}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	why = wrong(s)
	if j == nil {
		return nil, why, nil
	}
	rows = map[string]map[string][]byte{}
	for _, v := range views {
		rebuilt, reason, err := s.Catch(ctx, v, j.State().Size, (&Ledger{journal: j}).replay)
		if err != nil {
			return nil, why, err
		}
		if rebuilt && len(why) == 0 {
			why = append(why, fmt.Sprintf("the view %s: %s", v.Name(), reason))
		}
		if rows[v.Name()], err = allOf(s, v); err != nil {
			return nil, why, err
		}
	}
	return rows, why, nil
}

func allOf(s *store.Store, v *store.Keyspace) (map[string][]byte, error) {
	rows := map[string][]byte{}
	return rows, s.Read(func(tx *store.Tx) error {
		return tx.In(v).Each(nil, nil, func(key, value []byte) error {
			rows[string(key)] = bytes.Clone(value)
			return nil
		})
	})
}

// wrong tells what the store met when it was opened.
func wrong(s *store.Store) (why []string) {
	o := s.Opening()
	if o.Why != "" {
		why = append(why, "it is damaged: "+o.Why)
	}
	for _, dropped := range o.Dropped {
		why = append(why, "damaged, or nobody's: "+dropped)
	}
	for _, d := range s.Doubts() {
		why = append(why, fmt.Sprintf("%s: %s", d.Keyspace, d.Why))
	}
	return why
}

// copyStore copies a store, but for what means nothing.
func copyStore(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case rel != "." && d.IsDir() && d.Name() != "db":
			return fs.SkipDir // db.damaged-1 was told
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case rel == "ballast" || rel == "lock" || !d.Type().IsRegular():
			return nil
		}
		return copySparse(filepath.Join(to, rel), path)
	})
}

// copySparse leaves out what is zero: Badger's files are mostly that.
func copySparse(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	size, err := copyBlocks(out, in)
	return errors.Join(err, out.Truncate(size), out.Close())
}

func copyBlocks(out io.WriterAt, in io.Reader) (size int64, err error) {
	block, zeros := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, err := io.ReadFull(in, block)
		if n > 0 && !bytes.Equal(block[:n], zeros[:n]) {
			if _, err := out.WriteAt(block[:n], size); err != nil {
				return size, err
			}
		}
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}
