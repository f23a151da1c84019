package worker

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// unprivileged has every thread give up its capabilities, and gain none by executing anything.
func unprivileged() error {
	if err := onAll(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var held, none [2]unix.CapUserData
	if err := unix.Capget(header, &held[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	if held == none {
		return nil // in stellad's unit, which may not even ask to give any up
	}
	if err := onAll(unix.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(&none[0]))); err != nil { //nolint:gosec // the kernel reads both
		return fmt.Errorf("no capabilities: %w", err)
	}
	return nil
}

// onAll makes a system call on every thread. A program that is linked with C can't, and makes it on this one: stellad is not.
func onAll(call, a, b uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall(call, a, b, 0)
	if errors.Is(errno, syscall.ENOTSUP) {
		_, _, errno = syscall.RawSyscall6(call, a, b, 0, 0, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}
