package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dgraph-io/badger/v4"
)

// A report is what the child says of Badger's folder, in lines of JSON: one that it began, one that it is through.
type report struct {
	Began    bool             `json:"began,omitempty"`
	Through  bool             `json:"through,omitempty"`
	Fault    string           `json:"fault,omitempty"`  // what kept the child from its work
	Damage   string           `json:"damage,omitempty"` // what Badger cannot read
	Found    map[string]found `json:"found,omitempty"`  // by id
	Heads    map[string]head  `json:"heads,omitempty"`  // by id
	BadHeads map[string]bool  `json:"badHeads,omitempty"`
	Progress *progress        `json:"progress,omitempty"`
}

// CheckMain is the main of the child: args is Badger's folder. It reads everything in it, writes a report to stdout,
// and returns the exit status. It ends by itself when its parent does, which holds the other end of stdin.
func CheckMain(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "the check of a store takes a folder")
		return 1
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	out := json.NewEncoder(os.Stdout)
	if out.Encode(report{Began: true}) != nil || out.Encode(check(args[0])) != nil {
		return 1
	}
	return 0
}

// check reads all of Badger's folder.
func check(dir string) report {
	r := report{Through: true, Found: map[string]found{}, Heads: map[string]head{}, BadHeads: map[string]bool{}}
	if err := accessible(dir); err != nil {
		r.Fault = err.Error()
		return r
	}
	log := &complaints{}
	db, err := badger.Open(settings(dir, log))
	if err != nil && scarce(err) {
		r.Fault = err.Error()
		return r
	}
	if err != nil {
		r.Damage = err.Error()
		return r
	}
	err = db.VerifyChecksum()
	if err == nil {
		err = r.read(db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		r.Damage = err.Error()
	} else {
		r.Damage = log.first()
	}
	return r
}

// accessible tells a folder that may not be opened from one that is damaged.
func accessible(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// scarce tells whether the system lacked what Badger needs. Badger keeps only the text of an error.
func scarce(err error) bool {
	for _, no := range []syscall.Errno{syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ENOSPC, syscall.EROFS, syscall.EDQUOT} {
		if errors.Is(err, no) || strings.Contains(err.Error(), no.Error()) {
			return true
		}
	}
	return false
}

// read accounts for every key.
func (r *report) read(db *badger.DB) error {
	txn := db.NewTransaction(false)
	defer txn.Discard()
	return scan(txn, "", "", func(full string, sealed []byte) error {
		kind, name, _, ok := split([]byte(full))
		switch {
		case !ok:
			return fmt.Errorf("%w: the key %q is nobody's", ErrDamaged, full)
		case kind != meta:
			f := r.Found[id(kind, name)]
			f.add(full, sealed)
			r.Found[id(kind, name)] = f
			return nil
		case full == progressKey:
			p, err := unsealProgress(sealed)
			r.Progress = &p
			return err
		}
		r.readHead(full, sealed)
		return nil
	})
}

func (r *report) readHead(full string, sealed []byte) {
	id := strings.TrimPrefix(full, headPrefix)
	h, err := unsealHead(full, sealed)
	if err != nil {
		r.BadHeads[id] = true
		return
	}
	r.Heads[id] = h
}
