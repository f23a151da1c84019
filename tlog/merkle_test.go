package tlog

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Every proof in every tree of up to 70 leaves is the one that RFC 6962 defines,
// and holds; no proof holds for another leaf, index, size or root.
func TestInclusionProofs(t *testing.T) {
	leaves := leavesOf(70)
	for size := 1; size <= len(leaves); size++ {
		root := mth(leaves[:size])
		for i := range size {
			got, err := InclusionProof(uint64(i), uint64(size), nodesOf(leaves))
			if err != nil || !slices.Equal(got, path(i, leaves[:size])) {
				t.Fatalf("proof of %d in %d: %v, %v", i, size, got, err)
			}
			if err := VerifyInclusion(leaves[i], uint64(i), uint64(size), got, root); err != nil {
				t.Fatal(err)
			}
			for _, other := range []int{i - 1, i + 1, i ^ 2, size, -1} {
				refuseInclusion(t, leaves[i], uint64(other), uint64(size), got, root)
			}
			refuseInclusion(t, LeafHash(nil), uint64(i), uint64(size), got, root)
			refuseInclusion(t, leaves[i], uint64(i), uint64(size), got, EmptyRoot())
			refuseInclusion(t, leaves[i], uint64(i), uint64(size), append(slices.Clone(got), root), root)
			refuseInclusion(t, leaves[i], uint64(i), uint64(size)*4+1, got, root)
			refuseInclusion(t, leaves[i], uint64(i), 0, got, root)
			if size > 1 {
				refuseInclusion(t, leaves[i], uint64(i), uint64(size), got[1:], root)
				refuseInclusion(t, leaves[i], uint64(i), uint64(size), got[:len(got)-1], root)
			}
		}
	}
}

func refuseInclusion(t *testing.T, leaf Hash, index, size uint64, hashes []Hash, root Hash) {
	t.Helper()
	if err := VerifyInclusion(leaf, index, size, hashes, root); !errors.Is(err, ErrProof) {
		t.Errorf("leaf %d of %d: got %v, want ErrProof", index, size, err)
	}
}

func TestConsistencyProofs(t *testing.T) {
	leaves := leavesOf(70)
	for size2 := 1; size2 <= len(leaves); size2++ {
		root2 := mth(leaves[:size2])
		for size1 := 1; size1 <= size2; size1++ {
			root1 := mth(leaves[:size1])
			got, err := ConsistencyProof(uint64(size1), uint64(size2), nodesOf(leaves))
			if err != nil || !slices.Equal(got, subproof(size1, leaves[:size2], true)) {
				t.Fatalf("proof from %d to %d: %v, %v", size1, size2, got, err)
			}
			if err := VerifyConsistency(uint64(size1), uint64(size2), got, root1, root2); err != nil {
				t.Fatal(err)
			}
			other := LeafHash([]byte("fork"))
			refuseConsistency(t, size1, size2, got, other, root2)
			refuseConsistency(t, size1, size2, got, root1, other)
			refuseConsistency(t, size1, size2, append(slices.Clone(got), other), root1, root2)
			refuseConsistency(t, 0, size2, got, root1, root2)
			refuseConsistency(t, size2+1, size2, got, root1, root2)
			for i := range got {
				changed := slices.Clone(got)
				changed[i][31] ^= 1
				refuseConsistency(t, size1, size2, changed, root1, root2)
				refuseConsistency(t, size1, size2, slices.Delete(slices.Clone(got), i, i+1), root1, root2)
			}
			if size1 != size2 {
				refuseConsistency(t, size2, size1, got, root2, root1)
				refuseConsistency(t, size1, size2, nil, root1, root2)
			}
		}
	}
}

func refuseConsistency(t *testing.T, size1, size2 int, hashes []Hash, root1, root2 Hash) {
	t.Helper()
	if err := VerifyConsistency(uint64(size1), uint64(size2), hashes, root1, root2); !errors.Is(err, ErrProof) {
		t.Errorf("from %d to %d: got %v, want ErrProof", size1, size2, err)
	}
}

// An empty tree is consistent with nothing that can be proved, not even itself.
func TestConsistencyFromNothing(t *testing.T) {
	root := mth(leavesOf(3))
	refuseConsistency(t, 0, 3, nil, EmptyRoot(), root)
	refuseConsistency(t, 0, 3, []Hash{root}, EmptyRoot(), root)
	refuseConsistency(t, 0, 3, nil, root, root)
	refuseConsistency(t, 0, 0, nil, EmptyRoot(), EmptyRoot())
	if _, err := ConsistencyProof(0, 3, nil); !errors.Is(err, ErrProof) {
		t.Errorf("a proof from nothing: %v", err)
	}
}

func TestProofsOutOfRange(t *testing.T) {
	for _, c := range []struct{ index, size uint64 }{{0, 0}, {3, 3}, {4, 3}, {1<<64 - 1, 1}, {1<<64 - 1, 1<<64 - 1}} {
		if _, err := InclusionProof(c.index, c.size, nil); !errors.Is(err, ErrProof) {
			t.Errorf("leaf %d of %d: %v", c.index, c.size, err)
		}
	}
	if _, err := ConsistencyProof(4, 3, nil); !errors.Is(err, ErrProof) {
		t.Errorf("a proof backwards: %v", err)
	}
}

func TestNodeErrorsAreKept(t *testing.T) {
	broken := errors.New("broken disk")
	node := func(uint, uint64) (Hash, error) { return Hash{}, broken }
	if _, err := InclusionProof(0, 2, node); !errors.Is(err, broken) {
		t.Errorf("inclusion: %v", err)
	}
	if _, err := ConsistencyProof(1, 2, node); !errors.Is(err, broken) {
		t.Errorf("consistency: %v", err)
	}
	if _, err := NewRange(3, node); !errors.Is(err, broken) {
		t.Errorf("range: %v", err)
	}
}

// A proof in a tree of any size that a uint64 can count is refused or holds, and its
// building asks for no more nodes than the doc says.
func TestHugeTrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Min(2).Draw(t, "size")
		index := rapid.Uint64Range(0, size-1).Draw(t, "index")
		asked := 0
		hashes, err := InclusionProof(index, size, func(level uint, index uint64) (Hash, error) {
			if asked++; index >= size>>level {
				t.Fatalf("node %d of level %d is not in %d leaves", index, level, size)
			}
			return EmptyRoot(), nil
		})
		if err != nil || len(hashes) > 64 || asked > 127 {
			t.Fatalf("%d hashes of %d nodes, %v", len(hashes), asked, err)
		}
		if err := VerifyInclusion(EmptyRoot(), index, size, hashes, EmptyRoot()); !errors.Is(err, ErrProof) {
			t.Fatal(err)
		}
	})
}
