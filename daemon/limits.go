package daemon

import (
	"fmt"

	"golang.org/x/sys/unix"

	"stellad/api"
)

// ownDescriptors are what the daemon needs beside its clients' connections: files, the log, the trust root's watch.
const ownDescriptors = 64

// descriptors shares the process's descriptors out to the sockets: the most connections of each. Services can't take
// what administrators need.
func descriptors() (map[string]int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, fmt.Errorf("RLIMIT_NOFILE: %w", err)
	}
	free := int(min(limit.Cur, 1024+ownDescriptors)) - ownDescriptors
	if free < 16 {
		return nil, fmt.Errorf("RLIMIT_NOFILE is %d: at least %d are needed", limit.Cur, ownDescriptors+16)
	}
	return map[string]int{api.AdminSocket: free / 4, api.VerifySocket: free - free/4}, nil
}
