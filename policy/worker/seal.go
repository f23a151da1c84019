package worker

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// StatusMemory is what a process exits with that has too much in memory.
const StatusMemory = 14

// Seal takes from this process what no policy needs, for good, and begins to watch its memory. After it no file, pipe or
// socket can be opened, no file made longer, no core written, and nothing executed gains a privilege.
func Seal() error {
	runtime.GOMAXPROCS(1) // of the machine's processors it has one
	debug.SetMemoryLimit(MaxMemory * 3 / 4)
	statm, err := os.Open("/proc/self/statm")
	if err != nil {
		return err
	}
	if err := unprivileged(); err != nil {
		return err
	}
	for _, resource := range []int{unix.RLIMIT_NOFILE, unix.RLIMIT_FSIZE, unix.RLIMIT_CORE} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{}); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
	}
	if !underRace { // whose shadow of the memory is terabytes wide
		if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: 4 * MaxMemory, Max: 4 * MaxMemory}); err != nil {
			return fmt.Errorf("limit of memory: %w", err)
		}
	}
	go watch(statm)
	return nil
}

// watch ends the process where it has more in memory than it may. What takes more than that at once, between two looks, is
// stopped by RLIMIT_DATA.
func watch(statm *os.File) {
	page := os.Getpagesize()
	var text [128]byte
	for ; ; time.Sleep(5 * time.Millisecond) {
		n, err := statm.ReadAt(text[:], 0)
		fields := strings.Fields(string(text[:n]))
		if n == 0 || len(fields) < 2 {
			fmt.Fprintln(os.Stderr, "memory can't be watched:", err)
			os.Exit(StatusMemory)
		}
		if resident, err := strconv.Atoi(fields[1]); err != nil || resident*page > MaxMemory {
			os.Exit(StatusMemory)
		}
	}
}
