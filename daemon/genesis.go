package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Genesis is what an appliance is from its first day on.
type Genesis struct {
	Name string    `json:"name"` // a bare hostname
	Time time.Time `json:"time"`
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
	return &g, ValidName(g.Name)
}

var hostname = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// ValidName refuses what is no bare hostname in small letters: an appliance's name becomes its logs' origin.
func ValidName(name string) error {
	if len(name) > 253 || !hostname.MatchString(name) {
		return fmt.Errorf("%w: the name %q: want a bare hostname, such as stella.example.org", ErrGenesis, name)
	}
	return nil
}

func (d *Daemon) loadGenesis() error {
	g, err := ReadGenesis(d.config.State)
	if err != nil {
		return err
	}
	if g == nil && d.config.Dev {
		g = &Genesis{Name: "dev.stella.invalid", Time: d.started}
	}
	d.genesis.Store(g)
	return nil
}

func (d *Daemon) initialised() bool { return d.genesis.Load() != nil }
