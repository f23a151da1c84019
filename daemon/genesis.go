package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"stellad/attest/siglog"
	"stellad/daemon/ledger"
	"stellad/hsm"
	"stellad/internal/durable"
)

// Genesis is what an appliance is from its first day on.
type Genesis struct {
	Name string    `json:"name"` // a bare hostname
	Time time.Time `json:"time"` // of Init, and with Key that of the log's first record, by which a start knows it

	// Key is the audit log's verifier key, from the log's first record on: a log that is then missing, or of another
	// key, is a loss or a fraud and no beginning.
	Key string `json:"key,omitempty"`
	HSM bool   `json:"hsm,omitempty"` // its keys are in one; else the audit key is in a file, and there are no others
}

// ErrGenesis is wrapped where the record of genesis can't be read or would become another one.
var ErrGenesis = errors.New("genesis")

const genesisFile = "genesis.json" // in the state folder

// ReadGenesis returns nil where there was none yet.
func ReadGenesis(state string) (*Genesis, error) {
	name := filepath.Join(state, genesisFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	var g Genesis
	if err := json.Unmarshal(text, &g); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrGenesis, name, err)
	}
	if err := ValidName(g.Name); err != nil {
		return nil, err
	}
	// A name of JSON that rotted would be passed over, and what it named be as if it had never been there.
	if again, err := json.Marshal(g); err != nil || !bytes.Equal(again, bytes.TrimSuffix(text, []byte("\n"))) {
		return nil, fmt.Errorf("%w: %s is not as it was written: put it back", ErrGenesis, name)
	}
	return &g, nil
}

// ValidName refuses what is no bare hostname in small letters: an appliance's name becomes its logs' origin.
func ValidName(name string) error {
	if err := siglog.CheckName(name); err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	return nil
}

// loadGenesis reads the record, and opens the audit log of an appliance that has one or should from now on.
func (d *Daemon) loadGenesis(ctx context.Context) error {
	g, err := ReadGenesis(d.config.State)
	if err != nil {
		return err
	}
	if was := d.genesis.Load(); was != nil {
		if g == nil || g.Name != was.Name || g.Key != was.Key || !g.Time.Equal(was.Time) {
			return fmt.Errorf("%w: %s is not what it was: put it back", ErrGenesis, filepath.Join(d.config.State, genesisFile))
		}
		return nil
	}
	if g == nil && d.config.Dev {
		g = &Genesis{Name: "dev.stella.invalid", Time: d.started.UTC().Truncate(time.Second)}
	}
	if g == nil {
		return noLog(d.config.State)
	}
	if g.Key != "" && g.HSM != (d.token != nil) {
		return fmt.Errorf("%w: %s", ErrGenesis, map[bool]string{
			true:  "the appliance's keys are in an HSM: name the socket of stellad-hsm as hsm in the configuration",
			false: "the appliance began without an HSM, and its audit key is in a file: take hsm out of the configuration",
		}[g.HSM])
	}
	g.HSM = d.token != nil
	d.beginning.Lock()
	defer d.beginning.Unlock()
	if d.genesis.Load() != nil {
		return nil // meanwhile
	}
	return d.begin(ctx, *g)
}

// begin opens the audit log, or begins it. A crash after its first record and before genesis.json has its key is made
// good by the next start, which finds a log of this name.
func (d *Daemon) begin(ctx context.Context, g Genesis) error {
	k, err := d.auditKey(ctx, g)
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, ledger.Options{
		State: d.config.State, Name: g.Name, Begin: g.Key == "", Key: k, Views: views, Log: d.log, Failed: d.fail,
	})
	if err != nil {
		return err
	}
	began, err := l.Began()
	if err == nil && g.Key != "" && !g.Time.Equal(began) {
		err = fmt.Errorf("%w: %s has another time than the audit log's first record: put it back", ErrGenesis, filepath.Join(d.config.State, genesisFile))
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if g.Key == "" {
		g.Key, g.Time = l.Key(), began
		if err := writeGenesis(d.config.State, g, durable.Replace); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	if err := d.openContent(g.Name, l); err != nil {
		return errors.Join(err, l.Close())
	}
	d.ledger.Store(l)
	d.genesis.Store(&g)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keeper = nil // which policy is in force is to be recorded
	return nil
}

// noLog refuses a state folder that has an audit log and no genesis.
func noLog(state string) error {
	entries, err := os.ReadDir(filepath.Join(state, "audit"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%w: there is an audit log and no %s: put it back", ErrGenesis, filepath.Join(state, genesisFile))
	}
	return nil
}

func writeGenesis(state string, g Genesis, write func(name string, text []byte, mode fs.FileMode) error) error {
	text, err := json.Marshal(g)
	if err != nil {
		return err
	}
	return write(filepath.Join(state, genesisFile), append(text, '\n'), 0o644)
}

// isWaiting tells of an error of genesis that the token's coming mends.
func (d *Daemon) isWaiting(err error) bool {
	return d.token != nil && d.genesis.Load() == nil && errors.Is(err, hsm.ErrUnavailable)
}

func (d *Daemon) initialised() bool { return d.genesis.Load() != nil }
