package store

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSlots: the last write is in force, and where it is damaged, the one before.
func TestSlots(t *testing.T) {
	for writes := uint64(2); writes < 6; writes++ {
		dir := t.TempDir()
		h, created, why, err := openHeads(dir)
		if err != nil || !created || why != "" {
			t.Fatalf("%t, %q, %v", created, why, err)
		}
		for h.o.Writes < writes {
			h.o.Content["ctiles"] = head{Count: h.o.Writes + 1}
			if err := h.save(); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "heads")
		for want := writes; want+2 > writes; want-- {
			h, created, why, err := openHeads(dir)
			if err != nil || created || why != "" || h.o.Writes != want || h.o.Content["ctiles"].Count != want && want > 1 {
				t.Fatalf("of %d writes, %d: %+v, %q, %v", writes, want, h.o, why, err)
			}
			if err := h.close(); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[int64(want%2)*slotSize+50] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, created, why, err := openHeads(dir); err != nil || created || why == "" {
			t.Errorf("both damaged: %t, %q, %v", created, why, err)
		}
	}
}
