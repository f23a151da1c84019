package socket

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// Inherited returns the listeners that systemd handed down, by name: none, where it handed down nothing. Names is all
// that must be there, once each, and nothing else may be.
func Inherited(names ...string) (map[string]net.Listener, error) {
	files := activation.Files(true)
	if len(files) == 0 {
		return nil, nil
	}
	found := map[string]net.Listener{}
	for _, f := range files {
		listener, err := listenerOf(f)
		switch {
		case !slices.Contains(names, f.Name()):
			return nil, fmt.Errorf("sockets of systemd: %q is none of %q; see FileDescriptorName= of the socket units", f.Name(), names)
		case err != nil:
			return nil, fmt.Errorf("sockets of systemd: %q is %w", f.Name(), err)
		case found[f.Name()] != nil:
			return nil, fmt.Errorf("sockets of systemd: two are called %q", f.Name())
		}
		found[f.Name()] = listener
	}
	for _, name := range names {
		if found[name] == nil {
			return nil, fmt.Errorf("sockets of systemd: none is called %q; see FileDescriptorName= of the socket units", name)
		}
	}
	return found, nil
}

var errOther = errors.New("no listening Unix stream socket")

// listenerOf takes f's place. net.FileListener takes datagram sockets, and streams that are connected, for listeners
// too.
func listenerOf(f *os.File) (net.Listener, error) {
	defer f.Close()
	listener, err := net.FileListener(f)
	stream, ok := listener.(*net.UnixListener)
	if err != nil || !ok || stream.Addr().Network() != "unix" {
		return nil, errOther
	}
	accepting := 0
	control, err := stream.SyscallConn()
	if err != nil {
		return nil, err
	}
	err = control.Control(func(fd uintptr) {
		accepting, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	})
	if err == nil && accepting == 0 {
		err = errOther
	}
	return stream, err
}
