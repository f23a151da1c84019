package journal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// system is the kernel as the writer meets it. The tests put one here that hangs or
// fails at a chosen call.
type system struct {
	write    func(f *os.File, b []byte, at int64) error
	sync     func(f *os.File) error // what a later read of the same bytes needs
	allocate func(f *os.File, size int64) error
	rename   func(from, to string) error
	free     func(dir string) (int64, error)
}

func kernel() *system {
	return &system{write: write, sync: datasync, allocate: allocate, rename: os.Rename, free: free}
}

func write(f *os.File, b []byte, at int64) error {
	_, err := f.WriteAt(b, at)
	return err
}

func datasync(f *os.File) error {
	err := ignoringInterrupts(f, unix.Fdatasync)
	if err != nil {
		return fmt.Errorf("sync %s: %w", f.Name(), err)
	}
	return nil
}

// allocate gives f blocks for size bytes, so that a later write within them can't
// meet a full disk. What f did not have before reads as zeros.
func allocate(f *os.File, size int64) error {
	err := ignoringInterrupts(f, func(fd int) error { return unix.Fallocate(fd, 0, 0, size) })
	if err != nil {
		return fmt.Errorf("allocate %d bytes for %s: %w", size, f.Name(), err)
	}
	return nil
}

func ignoringInterrupts(f *os.File, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for failed = call(int(fd)); errors.Is(failed, unix.EINTR); {
			failed = call(int(fd))
		}
	})
	return errors.Join(err, failed)
}

// free gives the bytes that a process without privileges may still write.
func free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}
