package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"stellad/audit"
	"stellad/audit/journal"
	"stellad/store"
	"stellad/tlog"
)

// A Report is told of what Check finds: where, and what in one line.
type Report struct {
	Fault  func(path, what string) // something is not what it was
	Mended func(path, what string) // what a crash left, and no record that was acknowledged
}

// A Checked says which log Check looks at.
type Checked struct {
	State   string // the folder
	Name    string // the appliance's
	Key     string // the audit key as a C2SP vkey; "" where only audit.key says whose the log is
	KeyFile bool   // the key stands in audit.key
	Began   time.Time
	Views   []*store.Keyspace // as for Open
}

// needed is what a log that was begun has. Opening it without would make some of them anew.
var needed = []string{
	"audit/head", "audit/segments", "audit/annotations", "audit/checkpoints", "db/heads", "db/db",
}

// Check reads everything that Open would believe, of a log that no daemon has open, and tells what does not hold. With a
// Key, Began is when its first record was written. It signs nothing and writes no record. What a crash left at the end of the log is settled, as at any start, and told; the views are read in
// a copy. An error means that something could not be looked at.
func Check(ctx context.Context, o Checked, tell Report) (journal.Checked, error) {
	if err := o.lacks(tell); err != nil {
		return journal.Checked{}, err
	}
	public := o.checkKey(tell)
	for _, file := range []string{"audit/head", "audit/segments"} {
		if _, err := os.Stat(filepath.Join(o.State, file)); err != nil {
			return journal.Checked{}, nil // told
		}
	}
	c := &checking{Report: tell, dir: filepath.Join(o.State, "audit")}
	views := append([]*store.Keyspace{standing}, o.Views...)
	db := filepath.Join(o.State, "db")
	if err := c.open(); err != nil || c.journal == nil {
		return journal.Checked{}, errors.Join(err, checkViews(ctx, db, views, nil, tell))
	}
	if o.Key != "" {
		if at, err := (&Ledger{journal: c.journal}).Began(); err == nil && !at.Equal(o.Began) {
			tell.Fault(filepath.Join(o.State, "genesis.json"), "it has another time than the audit log's first record")
		}
	}
	checked, err := c.read(ctx, o.Name, public)
	if err == nil {
		err = checkViews(ctx, db, views, c.journal, tell)
	}
	if closed := c.journal.Close(); !errors.Is(closed, journal.ErrReadOnly) { // what made it so was told
		err = errors.Join(err, closed)
	}
	return checked, err
}

func (o Checked) lacks(tell Report) error {
	files := needed
	if o.KeyFile {
		files = append([]string{keyFile}, files...)
	}
	for _, file := range files {
		path := filepath.Join(o.State, file)
		_, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			tell.Fault(path, "it is gone")
		} else if err != nil {
			return err
		}
	}
	return nil
}

// checkKey gives the key that the log is to be held to; nil where nothing says which.
func (o Checked) checkKey(tell Report) *tlog.VerifierKey {
	file := filepath.Join(o.State, keyFile)
	info, err := os.Stat(file)
	if err != nil || !o.KeyFile {
		return verifier(o.Key)
	}
	if info.Mode().Perm()&0o077 != 0 {
		tell.Fault(file, fmt.Sprintf("its mode is %04o: others than its owner may read the key", info.Mode().Perm()))
	}
	k, err := FileKey(o.State, o.Name, o.Key)
	if err != nil {
		tell.Fault(file, err.Error())
		return verifier(o.Key)
	}
	return k.Public
}

func verifier(vkey string) *tlog.VerifierKey {
	public, err := tlog.ParseVerifierKey(vkey)
	if err != nil {
		return nil
	}
	return public
}

// checking is a log that is being checked.
type checking struct {
	Report
	dir     string
	journal *journal.Journal
}

// open leaves journal nil where the log is damaged.
func (c *checking) open() error {
	boot, err := bootID()
	if err != nil {
		return err
	}
	j, err := journal.Open(c.dir, journal.Options{Clock: time.Now, Boot: boot, Up: up, Log: slog.New(slog.DiscardHandler)})
	if c.damaged(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c.journal = j
	for _, what := range j.State().Mended {
		c.Mended(c.dir, what)
	}
	return nil
}

// damaged tells of an error that is a fault of the log, and whether it is one.
func (c *checking) damaged(err error) bool {
	for _, fault := range []error{journal.ErrDamaged, audit.ErrRecord, audit.ErrOrder, ErrGenesis, fs.ErrNotExist} {
		if errors.Is(err, fault) {
			c.Fault(c.dir, err.Error())
			return true
		}
	}
	return false
}

// read holds the log to its roots, its checkpoints, its annotations, its key and the order of its records.
func (c *checking) read(ctx context.Context, name string, public *tlog.VerifierKey) (journal.Checked, error) {
	if public != nil {
		if err := c.journal.SignWith(Origin(name), nil, public); err != nil && !c.damaged(err) {
			return journal.Checked{}, err
		}
		if err := begins(c.journal, name, public); err != nil && !c.damaged(err) {
			return journal.Checked{}, err
		}
	}
	checked, err := c.journal.Check(ctx)
	if err == nil {
		err = c.inOrder(ctx)
	}
	if c.damaged(err) {
		err = nil
	}
	return checked, err
}

func begins(j *journal.Journal, name string, public *tlog.VerifierKey) error {
	rec, err := j.Read(0)
	if errors.Is(err, journal.ErrNoRecord) {
		return fmt.Errorf("%w: it has no record, not even of genesis", ErrGenesis)
	}
	if err != nil {
		return err
	}
	body, err := rec.Decode()
	got, ok := body.(*audit.Genesis)
	if err != nil || !ok || got.Name != name || got.Origin != Origin(name) || got.Key != public.String() {
		return fmt.Errorf("%w: its first record is not of %s with its audit key", ErrGenesis, name)
	}
	return nil
}

// inOrder reads each record for what it says.
func (c *checking) inOrder(ctx context.Context) error {
	var order audit.Order
	for line, err := range c.journal.Lines(0) {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rec, err := audit.ParseLine(line)
		if err == nil {
			err = order.Follow(rec)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", order.Next(), err)
		}
	}
	return nil
}
