// Package socket gets the daemon's listening sockets: systemd's, by the names of LISTEN_FDNAMES, or its own. A socket
// that it makes itself has its mode before anybody can connect.
package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// Make listens on a new socket at name, which only this user can connect to, in place of what socket is there. It is
// bound in a folder that nobody else can enter and renamed, so that there is no moment at which its mode is another.
// A crash before the rename leaves that folder, which the next Make clears.
func Make(name string) (net.Listener, error) {
	if err := vacant(name); err != nil {
		return nil, err
	}
	private := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new")
	bound := filepath.Join(private, "s")
	if over := len(bound) - maxPath; over > 0 {
		return nil, fmt.Errorf("socket %s: the path is too long by %d bytes", name, over)
	}
	if err := os.RemoveAll(private); err != nil {
		return nil, err
	}
	if err := os.Mkdir(private, 0o700); err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: bound})
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", name, plainly(err))
	}
	listener.SetUnlinkOnClose(false) // it would be by the name that it was bound to
	made, err := publish(bound, name)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return &owned{listener, sync.OnceValue(func() error { return withdraw(name, made) })}, nil
}

// maxPath is what a socket's address has room for, in bytes (unix(7)).
const maxPath = len(unix.RawSockaddrUnix{}.Path) - 1

// publish gives a socket its mode and its name, and returns what is then there.
func publish(bound, name string) (fs.FileInfo, error) {
	if err := os.Chmod(bound, 0o600); err != nil {
		return nil, err
	}
	made, err := os.Lstat(bound)
	if err != nil {
		return nil, err
	}
	return made, os.Rename(bound, name)
}

// withdraw removes name where it is made still: it may be another daemon's by now.
func withdraw(name string, made fs.FileInfo) error {
	there, err := os.Lstat(name)
	if err == nil && os.SameFile(there, made) {
		err = os.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// vacant refuses a name under which something other than a socket stands.
func vacant(name string) error {
	info, err := os.Lstat(name)
	if err == nil && info.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("socket %s: something else is there; move it away", name)
	}
	return nil
}

// plainly drops the name that a *net.OpError repeats.
func plainly(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// owned is a socket whose name goes when it is closed.
type owned struct {
	net.Listener
	withdraw func() error
}

// Close takes the name away first: for as long as a socket is open, its inode is no other's.
func (o *owned) Close() error {
	return errors.Join(o.withdraw(), o.Listener.Close())
}
