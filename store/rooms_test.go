package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRooms: Badger's log has its blocks while the store is open, and so has one that is begun meanwhile.
func TestRooms(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, opts(dir))
	first := logs(t, dir)
	value := bytes.Repeat([]byte("v"), MaxValue)
	for i := range 3 * memTable / MaxValue {
		put(t, s, notes, fmt.Sprint(i), string(value))
		put(t, s, notes, "little", "") // a batch behind it
	}
	if later := logs(t, dir); later == first {
		t.Errorf("still %s", later)
	}
}

// logs gives the names of Badger's logs, all of which must have their blocks.
func logs(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "db", "*.mem"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%q, %v", names, err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			continue // it was flushed
		}
		if blocks := info.Sys().(*syscall.Stat_t).Blocks * 512; blocks < info.Size() {
			t.Errorf("%s has %d bytes of %d", name, blocks, info.Size())
		}
	}
	return fmt.Sprint(names)
}
