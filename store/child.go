package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// inspect has a child read Badger's folder. An ErrCheck says nothing about the store; any other way for the child to
// end than with its report is damage, and a report says so.
func (s *Store) inspect(ctx context.Context, child func(dir string) *exec.Cmd) (report, error) {
	c := child(filepath.Join(s.dir, "db"))
	if c.Env == nil {
		c.Env = []string{} // the child needs none of ours
	}
	// The child holds the lock too: while it is there, no other process begins, whatever becomes of this one.
	c.ExtraFiles = []*os.File{s.lock}
	var stdout bytes.Buffer
	stderr := &beginning{}
	c.Stdout, c.Stderr = &stdout, stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		return report{}, fmt.Errorf("%w: %w", ErrCheck, err)
	}
	if err := c.Start(); err != nil {
		return report{}, fmt.Errorf("%w: %w", ErrCheck, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
	defer stop()
	err = c.Wait()
	_ = stdin.Close()
	if ctx.Err() != nil {
		return report{}, ctx.Err()
	}
	return s.sentence(&stdout, stderr.String(), err)
}

// sentence tells what the child's end means.
func (s *Store) sentence(stdout *bytes.Buffer, stderr string, end error) (report, error) {
	dec := json.NewDecoder(stdout)
	var began, r report
	if dec.Decode(&began) != nil || !began.Began {
		return report{}, fmt.Errorf("%w: the child did not begin: %s: %s", ErrCheck, fmt.Sprint(end), stderr)
	}
	switch ok := dec.Decode(&r) == nil && r.Through; {
	case ok && r.Fault != "":
		return report{}, fmt.Errorf("%w: %s", ErrCheck, r.Fault)
	case ok:
		return r, nil
	case killed(end):
		return report{}, fmt.Errorf("%w: %w", ErrCheck, end)
	}
	// A full disk kills as damage does.
	if err := s.space.ask(); err != nil {
		return report{}, fmt.Errorf("%w: %w", ErrCheck, err)
	}
	if s.space.free < minFloor {
		return report{}, fmt.Errorf("%w: %d MiB are free, and the check died: %s", ErrNoSpace, s.space.free>>20, fmt.Sprint(end))
	}
	return report{Damage: strings.TrimSpace(fmt.Sprintf("reading it killed the check: %v: %s", end, stderr))}, nil
}

// killed tells whether somebody, or the kernel for want of memory, ended the child.
func killed(end error) bool {
	var exit *exec.ExitError
	if !errors.As(end, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	switch status.Signal() {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP:
		return true
	}
	return false
}

// A beginning keeps the first line that is written to it, up to 400 bytes: of a Go program that dies, it says why.
type beginning struct{ b []byte }

func (b *beginning) Write(p []byte) (int, error) {
	if room := 400 - len(b.b); room > 0 {
		b.b = append(b.b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (b *beginning) String() string {
	first, _, _ := strings.Cut(string(b.b), "\n")
	return first
}

// aside moves Badger's folder away, and returns where to.
func (s *Store) aside() (string, error) {
	for n := 1; ; n++ {
		name := fmt.Sprintf("db.damaged-%d", n)
		if _, err := os.Lstat(filepath.Join(s.dir, name)); err == nil {
			continue
		}
		// A crash behind this leaves a store without Badger: the copy of the heads still says what is lost.
		if err := os.Rename(filepath.Join(s.dir, "db"), filepath.Join(s.dir, name)); err != nil {
			return "", err
		}
		return name, syncDir(s.dir)
	}
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
