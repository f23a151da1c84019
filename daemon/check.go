package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"stellad/audit/journal"
	"stellad/daemon/config"
	"stellad/daemon/ledger"
	"stellad/store/blobs"
)

// A Finding is something in the state folder that is not as a daemon that stopped leaves it.
type Finding struct {
	Path  string
	What  string // in one line
	Fault bool   // else it is what a crash leaves, and nothing is lost with it
}

// CheckState reads everything in the state folder and tells what it finds there. It has the state to itself: an error
// wraps ErrRunning while a daemon does. It makes nothing good but the end of the audit log, as a start would, and says
// so. Where there is no fault, it returns what the log holds.
func CheckState(ctx context.Context, c config.Config, tell func(Finding)) (journal.Checked, error) {
	if _, err := os.Stat(c.State); err != nil {
		return journal.Checked{}, err
	}
	unlock, err := lock(c.State)
	if err != nil {
		return journal.Checked{}, err
	}
	defer unlock()
	report := ledger.Report{
		Fault:  func(path, what string) { tell(Finding{path, what, true}) },
		Mended: func(path, what string) { tell(Finding{path, what, false}) },
	}
	if err := errors.Join(strangers(c.State, report), checkBlobs(filepath.Join(c.State, "blobs"), report)); err != nil {
		return journal.Checked{}, err
	}
	return checkLog(ctx, c.State, report)
}

// checkLog reads what genesis began.
func checkLog(ctx context.Context, state string, report ledger.Report) (journal.Checked, error) {
	name := filepath.Join(state, genesisFile)
	g, err := ReadGenesis(state)
	if err == nil && g == nil {
		err = noLog(state)
	}
	switch {
	case errors.Is(err, ErrGenesis):
		report.Fault(name, err.Error())
		return journal.Checked{}, nil
	case err != nil || g == nil:
		return journal.Checked{}, err
	}
	if _, err := os.Stat(filepath.Join(state, "audit")); g.Key == "" && errors.Is(err, fs.ErrNotExist) {
		return journal.Checked{}, nil // no daemon ran since
	}
	if g.Key == "" {
		report.Mended(name, "it does not name the audit key yet: the next start writes it")
	}
	return ledger.Check(ctx, ledger.Checked{
		State: state, Name: g.Name, Key: g.Key, KeyFile: !g.HSM, Began: g.Time, Views: views,
	}, report)
}

// checkBlobs reads all content, where there is any.
func checkBlobs(dir string, report ledger.Report) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	all, err := blobs.Open(dir)
	if err != nil {
		return err
	}
	err = all.Walk(func(f blobs.Finding) error {
		if f.Err != nil {
			report.Fault(filepath.Join(dir, f.Path), f.Err.Error())
		}
		return nil
	})
	return errors.Join(err, all.Close())
}

// Good is the line that a check without a fault ends with.
func Good(c journal.Checked) string {
	return fmt.Sprintf("good: %d records, root %s; %d checkpoints, %d annotations, %d erased",
		c.Size, c.Root, c.Checkpoints, c.Annotations, c.Erased)
}
