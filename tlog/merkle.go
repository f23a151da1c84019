package tlog

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// ErrProof says that a Merkle proof does not show what it should.
var ErrProof = errors.New("the Merkle proof does not hold")

// VerifyInclusion checks that leaf is leaf index, from 0, of the tree of size leaves
// with this root. The proof holds the siblings from the leaf up, at most 64. It
// wraps ErrProof where index is not below size, a hash is missing or too many, or
// the root differs. RFC 6962 §2.1.1, RFC 9162 §2.1.3.2.
func VerifyInclusion(leaf Hash, index, size uint64, hashes []Hash, root Hash) error {
	err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf[:], slicesOf(hashes), root[:])
	if err != nil {
		return fmt.Errorf("%w: leaf %d of %d: %w", ErrProof, index, size, readable(err))
	}
	return nil
}

// VerifyConsistency checks that the tree of size1 leaves with root1 is a prefix of
// the tree of size2 with root2: the log was only appended to. Between equal sizes the
// proof is empty and the roots are equal. It wraps ErrProof where the sizes are out of
// order, a hash is missing or too many, or a root differs; and always for size1 = 0,
// since no proof can tie an empty tree to another: whoever knows nothing of a log
// has nothing to verify. RFC 6962 §2.1.2, RFC 9162 §2.1.4 (0 < m).
func VerifyConsistency(size1, size2 uint64, hashes []Hash, root1, root2 Hash) error {
	if size1 == 0 {
		return fmt.Errorf("%w: nothing is proved of an empty tree", ErrProof)
	}
	err := proof.VerifyConsistency(rfc6962.DefaultHasher, size1, size2, slicesOf(hashes), root1[:], root2[:])
	if err != nil {
		return fmt.Errorf("%w: from size %d to %d: %w", ErrProof, size1, size2, readable(err))
	}
	return nil
}

// readable says on one line, with roots as checkpoints write them, what the merkle
// module says on four with lists of decimals.
func readable(err error) error {
	var mismatch proof.RootMismatchError
	if !errors.As(err, &mismatch) {
		return err
	}
	return fmt.Errorf("it gives the root %s, not %s", Hash(mismatch.CalculatedRoot), Hash(mismatch.ExpectedRoot))
}

// NodeFunc gives the hash of a perfect subtree: that over the leaves from
// index<<level up to, and without, (index+1)<<level. Level 0 are the leaf hashes.
type NodeFunc func(level uint, index uint64) (Hash, error)

// InclusionProof builds the proof that VerifyInclusion checks, from at most 64+63
// nodes. An index that is not below size wraps ErrProof; errors of node are wrapped.
// What nodes of doubtful origin give is proved by verifying it. RFC 6962 §2.1.1.
func InclusionProof(index, size uint64, node NodeFunc) ([]Hash, error) {
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return build(nodes, node)
}

// ConsistencyProof builds the proof that VerifyConsistency checks. A size1 that is 0
// or over size2 wraps ErrProof; errors of node are wrapped. RFC 6962 §2.1.2.
func ConsistencyProof(size1, size2 uint64, node NodeFunc) ([]Hash, error) {
	if size1 == 0 {
		return nil, fmt.Errorf("%w: nothing is proved of an empty tree", ErrProof)
	}
	nodes, err := proof.Consistency(size1, size2)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return build(nodes, node)
}

func build(nodes proof.Nodes, node NodeFunc) ([]Hash, error) {
	raw := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		h, err := node(id.Level, id.Index)
		if err != nil {
			return nil, fmt.Errorf("node %d of level %d: %w", id.Index, id.Level, err)
		}
		raw[i] = h[:]
	}
	raw, err := nodes.Rehash(raw, rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	hashes := make([]Hash, len(raw))
	for i := range raw {
		hashes[i] = Hash(raw[i])
	}
	return hashes, nil
}

func slicesOf(hashes []Hash) [][]byte {
	raw := make([][]byte, len(hashes))
	for i := range hashes {
		raw[i] = hashes[i][:]
	}
	return raw
}
