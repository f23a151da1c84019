package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"stellad/audit"
	"stellad/audit/journal"
	"stellad/internal/version"
	"stellad/store"
)

// The types of record that this package writes.
const (
	typeGenesis = "genesis"
	typeStart   = "start"
	typeStop    = "stop"
	typeCall    = "call"
	typeDenial  = "denial"
	typeTally   = "tally"
	typePolicy  = "policy"
	typeTrust   = "trust"
	typeErase   = "erase" // the journal does
)

// A Ledger is the audit log of a running daemon and the views that are folded of it. It is safe for concurrent use.
type Ledger struct {
	journal *journal.Journal
	store   *store.Store
	key     *Key
	log     *slog.Logger
	tallies *tallies
	failed  func(error) // told of a view that can't follow the log: the process must end

	folding sync.Mutex // one fold at a time, in the log's order
}

// Options say which log Open opens.
type Options struct {
	State string // the folder
	Name  string // the appliance's
	Begin bool   // the log is to be begun; else one that is empty is a loss
	Key   *Key
	Views []*store.Keyspace // those of the log's records that others fold; standing is this package's own
	Log   *slog.Logger

	// Failed is called, once or more, when a record is durable and could not be folded: what is in force is then no
	// longer what the log says, and the next start folds it again.
	Failed func(error)

	floor, ballast int64 // as store.Options has them: tests of many logs have little disk
}

func (o Options) keyspaces() []*store.Keyspace {
	return append([]*store.Keyspace{standing}, o.Views...)
}

// Open opens the log of an appliance and brings the views up to it. Errors wrap ErrGenesis, or are journal's and store's.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(filepath.Join(o.State, "audit"), journal.Options{
		Clock: time.Now, Boot: boot, Up: up, Log: o.Log,
		// A record that could not be folded for want of room would end the daemon: none is taken then.
		Floor: cmp.Or(o.floor, store.DefaultFloor+store.DefaultBallast), Ballast: o.ballast,
	})
	if err != nil {
		return nil, err
	}
	l := &Ledger{journal: j, key: o.Key, log: o.Log, tallies: newTallies(time.Now()), failed: o.Failed}
	if err := l.open(ctx, o); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context, o Options) error {
	if err := l.journal.SignWith(Origin(o.Name), l.key.Sign, l.key.Public); err != nil {
		return err
	}
	if err := l.genesis(ctx, o.Name, o.Begin); err != nil {
		return err
	}
	var err error
	l.store, err = store.Open(ctx, store.Options{Dir: filepath.Join(o.State, "db"), Keyspaces: o.keyspaces(), Floor: o.floor, Ballast: o.ballast})
	if err != nil {
		return err
	}
	rebuilt, err := l.catch(ctx, o.keyspaces())
	if err == nil {
		err = l.started(ctx, rebuilt)
	}
	if err != nil {
		return errors.Join(err, l.store.Close())
	}
	return nil
}

// catch brings the views up to the log, and gives the names of those that had to be built anew.
func (l *Ledger) catch(ctx context.Context, views []*store.Keyspace) (rebuilt []string, err error) {
	for _, v := range views {
		anew, why, err := l.store.Catch(ctx, v, l.journal.State().Size, l.replay)
		if err != nil {
			return nil, err
		}
		if anew {
			l.log.Warn("a view is built anew from the audit log", "view", v.Name(), "why", why)
			rebuilt = append(rebuilt, v.Name())
		}
	}
	slices.Sort(rebuilt)
	return rebuilt, nil
}

// Key returns the audit log's verifier key, a C2SP vkey.
func (l *Ledger) Key() string { return l.key.Public.String() }

// Began returns when the log's first record was written, in whole seconds.
func (l *Ledger) Began() (time.Time, error) {
	rec, err := l.journal.Read(0)
	if err != nil {
		return time.Time{}, err
	}
	return rec.Time.Truncate(time.Second), nil
}

// genesis begins a log, or sees that the one that is there is this appliance's.
func (l *Ledger) genesis(ctx context.Context, name string, begin bool) error {
	want := audit.Genesis{Name: name, Origin: Origin(name), Key: l.Key()}
	if l.journal.State().Size == 0 {
		if !begin {
			return fmt.Errorf("%w: it is empty, and there was one: put the folder audit back", ErrGenesis)
		}
		body, err := audit.MarshalBody(want)
		if err != nil {
			return err
		}
		// A crash before it is durable leaves an empty log and the key: the next start begins it again.
		_, err = l.journal.Append(ctx, audit.Record{Type: typeGenesis, V: 1, Body: body}, nil)
		return err
	}
	rec, err := l.journal.Read(0)
	if err != nil {
		return err
	}
	body, err := rec.Decode()
	if got, ok := body.(*audit.Genesis); err != nil || !ok || *got != want {
		return fmt.Errorf("%w: its first record is not of %s with its audit key", ErrGenesis, name)
	}
	return nil
}

// started writes that the daemon runs, and which views had to be built anew. A log that takes no records now is no
// reason not to start: verification and status go on.
func (l *Ledger) started(ctx context.Context, rebuilt []string) error {
	start := audit.Start{Version: version.String}
	if len(rebuilt) > 0 {
		start.Recovered = &audit.Recovered{Views: rebuilt}
	}
	err := l.write(ctx, audit.Record{Type: typeStart, V: 1}, start, nil)
	if errors.Is(err, journal.ErrReadOnly) {
		l.log.Error("the start is not in the audit log", "error", err)
		return nil
	}
	return err
}

// replay gives the log's lines to a fold.
func (l *Ledger) replay(from uint64, apply func(seq uint64, line []byte) error) error {
	for line, err := range l.journal.Lines(from) {
		if err != nil {
			return err
		}
		if err := apply(from, line); err != nil {
			return err
		}
		from++
	}
	return nil
}

// Close writes the tallies and that the daemon stopped, and closes the log and the views.
func (l *Ledger) Close() error {
	ctx := context.Background()
	l.flush(ctx)
	if err := l.write(ctx, audit.Record{Type: typeStop, V: 1}, nil, nil); err != nil {
		l.log.Error("the stop is not in the audit log", "error", err)
	}
	return errors.Join(l.journal.Close(), l.store.Close())
}

func bootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("the boot ID: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// up is the boot-time clock, which goes on while the machine sleeps.
func up() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) // it can't fail with this clock
	return time.Duration(now.Nano())
}
