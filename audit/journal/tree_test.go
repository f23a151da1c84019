package journal

import (
	"testing"

	"stellad/tlog"
)

// TestTree holds the tree against tlog's at each size, and through its bytes; what it
// grew from stays as it was.
func TestTree(t *testing.T) {
	var ours tree
	var theirs tlog.Range
	for i := range 600 {
		leaf := tlog.LeafHash([]byte{byte(i), byte(i >> 8)})
		before, was := ours, ours.root()
		ours = ours.clone()
		ours.push(leaf)
		theirs.Append(leaf)
		if ours.root() != theirs.Root() || ours.size != theirs.Size() {
			t.Fatalf("size %d: %s, want %s", ours.size, ours.root(), theirs.Root())
		}
		if before.root() != was {
			t.Fatalf("growing to %d changed the smaller tree", ours.size)
		}
		again, err := unpack(ours.size, ours.pack())
		if err != nil || again.root() != theirs.Root() {
			t.Fatalf("size %d: %v", ours.size, err)
		}
		if _, err := unpack(ours.size+1, ours.pack()); err == nil && (ours.size+1)&1 == 1 {
			t.Fatalf("%d nodes were taken for %d leaves", len(ours.nodes), ours.size+1)
		}
	}
}
