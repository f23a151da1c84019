// Package peercred reads what the kernel recorded of the process at the other end of a Unix socket when it connected
// (unix(7): SO_PEERCRED, SO_PEERGROUPS). A process ID is never asked for: it may be another's by the time it is looked
// at.
package peercred

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Credentials are a process's, as they were when it connected.
type Credentials struct {
	UID, GID uint32
	Groups   []uint32 // supplementary
}

// Of asks the kernel who connected conn, which must be of a Unix socket: anything else is an error.
func Of(conn net.Conn) (Credentials, error) {
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return Credentials{}, errors.New("peer credentials: not a socket")
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return Credentials{}, fmt.Errorf("peer credentials: %w", err)
	}
	var who Credentials
	var asked error
	err = control.Control(func(fd uintptr) { who, asked = ask(int(fd)) })
	if err := errors.Join(err, asked); err != nil {
		return Credentials{}, fmt.Errorf("peer credentials: %w", err)
	}
	return who, nil
}

func ask(fd int) (Credentials, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Credentials{}, err
	}
	groups, err := peerGroups(fd)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{UID: cred.Uid, GID: cred.Gid, Groups: groups}, nil
}

// peerGroups reads SO_PEERGROUPS, for which golang.org/x/sys has the number alone. The kernel says ERANGE, and how many
// bytes it would take, where they do not fit: NGROUPS_MAX is 65536.
func peerGroups(fd int) ([]uint32, error) {
	for groups := make([]uint32, 32); ; {
		size := uint32(len(groups) * 4)
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return groups[:size/4], nil
		case errno == unix.ERANGE && int(size) > len(groups)*4:
			groups = make([]uint32, size/4)
		default:
			return nil, errno
		}
	}
}
