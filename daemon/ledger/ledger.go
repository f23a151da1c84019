package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
	key     *key
	log     *slog.Logger
	tallies *tallies
	failed  func(error) // told of a view that can't follow the log: the process must end

	folding sync.Mutex // one fold at a time, in the log's order
}

// Open opens the log of the appliance called name in the state folder and brings the views up to it. vkey is the audit
// log's verifier key, as Key returned it; where it is "", the log is begun. Failed is called, once or more, when a record is durable and could not be folded: what is in force
// is then no longer what the log says, and the next start folds it again. Errors wrap ErrGenesis, or are journal's and
// store's.
func Open(ctx context.Context, state, name, vkey string, log *slog.Logger, failed func(error)) (*Ledger, error) {
	k, err := openKey(state, name, vkey)
	if err != nil {
		return nil, err
	}
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(filepath.Join(state, "audit"), journal.Options{
		Clock: time.Now, Boot: boot, Up: up, Log: log,
		// A record that could not be folded for want of room would end the daemon: none is taken then.
		Floor: store.DefaultFloor + store.DefaultBallast,
	})
	if err != nil {
		return nil, err
	}
	l := &Ledger{journal: j, key: k, log: log, tallies: newTallies(time.Now()), failed: failed}
	if err := l.open(ctx, state, name, vkey); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context, state, name, vkey string) error {
	if err := l.journal.SignWith(origin(name), l.key.sign, l.key.public); err != nil {
		return err
	}
	if err := l.genesis(ctx, name, vkey); err != nil {
		return err
	}
	var err error
	l.store, err = store.Open(ctx, store.Options{Dir: filepath.Join(state, "db"), Keyspaces: []*store.Keyspace{standing}})
	if err != nil {
		return err
	}
	rebuilt, why, err := l.store.Catch(ctx, standing, l.journal.State().Size, l.replay)
	if err == nil {
		err = l.started(ctx, rebuilt, why)
	}
	if err != nil {
		return errors.Join(err, l.store.Close())
	}
	return nil
}

// Key returns the audit log's verifier key, a C2SP vkey.
func (l *Ledger) Key() string { return l.key.vkey }

// Began returns when the log's first record was written, in whole seconds.
func (l *Ledger) Began() (time.Time, error) {
	rec, err := l.journal.Read(0)
	if err != nil {
		return time.Time{}, err
	}
	return rec.Time.Truncate(time.Second), nil
}

// genesis begins a log, or sees that the one that is there is this appliance's.
func (l *Ledger) genesis(ctx context.Context, name, vkey string) error {
	want := audit.Genesis{Name: name, Origin: origin(name), Key: l.key.vkey}
	if l.journal.State().Size == 0 {
		if vkey != "" {
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
		return fmt.Errorf("%w: its first record is not of %s with the key of audit.key", ErrGenesis, name)
	}
	return nil
}

// started writes that the daemon runs, and which views had to be built anew. A log that takes no records now is no
// reason not to start: verification and status go on.
func (l *Ledger) started(ctx context.Context, rebuilt bool, why string) error {
	start := audit.Start{Version: version.String}
	if rebuilt {
		l.log.Warn("a view is built anew from the audit log", "view", standing.Name(), "why", why)
		start.Recovered = &audit.Recovered{Views: []string{standing.Name()}}
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
