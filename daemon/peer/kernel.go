package peer

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"stellad/access"
)

// Of asks the kernel who connected conn, which must be of a Unix socket.
func Of(conn net.Conn) (access.Actor, error) {
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return access.Actor{}, errors.New("peer credentials: not a socket")
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return access.Actor{}, fmt.Errorf("peer credentials: %w", err)
	}
	var actor access.Actor
	var asked error
	err = control.Control(func(fd uintptr) { actor, asked = ask(int(fd)) })
	if err := errors.Join(err, asked); err != nil {
		return access.Actor{}, fmt.Errorf("peer credentials: %w", err)
	}
	return actor, nil
}

func ask(fd int) (access.Actor, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return access.Actor{}, err
	}
	groups, err := peerGroups(fd)
	if err != nil {
		return access.Actor{}, err
	}
	return access.Actor{UID: cred.Uid, GID: cred.Gid, Groups: groups}, nil
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
