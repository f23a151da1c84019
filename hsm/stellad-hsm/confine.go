package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// confine keeps what the process holds in memory out of files: no core, and no reading of it by others of its user.
func confine() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		var limit unix.Rlimit
		if unix.Getrlimit(unix.RLIMIT_CORE, &limit) != nil || limit.Cur != 0 { // the unit may have set it, and forbid the call
			return fmt.Errorf("RLIMIT_CORE: %w", err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("PR_SET_DUMPABLE: %w", err)
	}
	return nil
}
