// Package seal tells what a process can't reach, and how that is known: not by what was configured, but by trying it or by
// what the kernel says of the process.
package seal

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Seal is one thing that is cut, and the proof of it in a line.
type Seal struct {
	Name  string
	Holds bool
	Proof string
}

// Own are the seals of this process.
func Own() []Seal {
	return []Seal{interfaces(), families(), own(), privileges("privileges", os.Getpid()), calls()}
}

// Child are those of a process that it started.
func Child(name string, pid int) []Seal {
	return []Seal{sockets(name+" sockets", pid), files(name+" files", pid), privileges(name+" privileges", pid)}
}

func unknown(name string, err error) Seal { return Seal{name, false, "not known: " + err.Error()} }

// interfaces looks at what networks there are.
func interfaces() Seal {
	const name = "network"
	all, err := net.Interfaces()
	if err != nil {
		if errors.Is(err, unix.EAFNOSUPPORT) {
			return Seal{name, true, "it can't even be asked for interfaces: " + err.Error()}
		}
		return unknown(name, err)
	}
	var others []string
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 {
			others = append(others, i.Name)
		}
	}
	if len(others) > 0 {
		return Seal{name, false, "interfaces besides loopback: " + strings.Join(others, ", ")}
	}
	return Seal{name, true, "no interface but loopback in its network namespace"}
}

// families tries to make a socket of each kind that leads out.
func families() Seal {
	const name = "address families"
	var made, refused []string
	for _, f := range []struct {
		name         string
		domain, kind int
	}{
		{"IPv4", unix.AF_INET, unix.SOCK_STREAM},
		{"IPv6", unix.AF_INET6, unix.SOCK_STREAM},
		{"netlink", unix.AF_NETLINK, unix.SOCK_RAW},
		{"packet", unix.AF_PACKET, unix.SOCK_RAW},
		{"vsock", unix.AF_VSOCK, unix.SOCK_STREAM},
	} {
		fd, err := unix.Socket(f.domain, f.kind|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			_ = unix.Close(fd)
			made = append(made, f.name)
			continue
		}
		refused = append(refused, fmt.Sprintf("%s (%s)", f.name, unix.ErrnoName(errno(err))))
	}
	if len(made) > 0 {
		return Seal{name, false, "a socket could be made: " + strings.Join(made, ", ")}
	}
	return Seal{name, true, "no socket could be made: " + strings.Join(refused, ", ")}
}

func errno(err error) (e unix.Errno) {
	errors.As(err, &e)
	return e
}

// own asks the kernel of each socket that this process has open. Those that systemd handed down are of another network
// namespace, and stand in no list here.
func own() Seal {
	const name = "sockets"
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return unknown(name, err)
	}
	open, other := 0, 0
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			return unknown(name, err)
		}
		switch domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN); {
		case errors.Is(err, unix.ENOTSOCK), errors.Is(err, unix.EBADF): // a file, or closed meanwhile
		case err != nil:
			return unknown(name, err)
		case domain != unix.AF_UNIX:
			other++
			fallthrough
		default:
			open++
		}
	}
	return counted(name, open, other)
}

func counted(name string, open, other int) Seal {
	if other > 0 {
		return Seal{name, false, fmt.Sprintf("%d open, %d of them no Unix sockets", open, other)}
	}
	return Seal{name, true, fmt.Sprintf("%d open, all Unix sockets", open)}
}

// sockets finds open sockets of a child that are no Unix sockets: those that the kernel's list of Unix sockets has not.
func sockets(name string, pid int) Seal {
	open, err := openSockets(pid)
	if err != nil {
		return unknown(name, err)
	}
	local, err := unixSockets()
	if err != nil {
		return unknown(name, err)
	}
	other := 0
	for _, inode := range open {
		if !local[inode] {
			other++
		}
	}
	return counted(name, len(open), other)
}

func openSockets(pid int) (inodes []string, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		if inode, is := strings.CutPrefix(to, "socket:["); is {
			inodes = append(inodes, strings.TrimSuffix(inode, "]"))
		}
	}
	return inodes, err
}

func unixSockets() (map[string]bool, error) {
	text, err := os.ReadFile("/proc/net/unix")
	found := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) >= 7 {
			found[words[6]] = true
		}
	}
	return found, err
}
