package journal

import (
	"fmt"
	"os"
)

// lookAtSpace makes the journal read-only where less than the floor is free: before
// anything on that disk meets its end.
func (j *Journal) lookAtSpace() {
	n, err := j.o.sys.free(j.dir)
	if err != nil {
		j.refuse(disk, fmt.Errorf("%w: %w", ErrDisk, err)) //nolint:errcheck // State tells
		return
	}
	j.mu.Lock()
	j.free = n
	j.mu.Unlock()
	if n < j.o.Floor {
		j.refuse(space, fmt.Errorf("%w: %d bytes are free, and %d should be", ErrNoSpace, n, j.o.Floor)) //nolint:errcheck // as above
	}
}

// roomAgain says whether there is room for the ballast above the floor.
func (j *Journal) roomAgain() bool {
	n, err := j.o.sys.free(j.dir)
	return err == nil && n >= j.o.Floor+j.o.Ballast-j.ballast()
}

// ballast gives how much the ballast takes.
func (j *Journal) ballast() int64 {
	info, err := os.Stat(j.files.path("ballast"))
	if err != nil {
		return 0
	}
	return info.Size()
}

// makeBallast allocates the ballast. A failure leaves the floor alone to warn.
func (j *Journal) makeBallast() {
	if j.ballast() == j.o.Ballast || !j.roomAgain() {
		return
	}
	f, err := os.OpenFile(j.files.path("ballast"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		err = j.o.sys.allocate(f, j.o.Ballast)
		f.Close() //nolint:errcheck // its bytes mean nothing
	}
	if err != nil {
		j.o.Log.Error("no ballast for a full disk", "error", err)
	}
}

// dropBallast gives its blocks to the records that are written on a full disk.
func (j *Journal) dropBallast() {
	if !j.is(space) {
		return
	}
	if err := os.Remove(j.files.path("ballast")); err != nil && !os.IsNotExist(err) {
		j.o.Log.Error("the ballast is not given up", "error", err)
	}
}
