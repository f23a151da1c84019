package tlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrOrigin says that a checkpoint is another log's.
var ErrOrigin = errors.New("checkpoint of another log")

// SignedCheckpoint is a checkpoint that its log signed and enough witnesses
// cosigned. C2SP tlog-checkpoint, tlog-cosignature.
type SignedCheckpoint struct {
	Checkpoint
	Note         *Note       // with every verified signature, the log's among them
	Cosignatures []Signature // by witnesses of the quorum, one for each public key
}

// OpenCheckpoint verifies a checkpoint's note: every signature by a given key
// holds, one of them is by a key in log that does not cosign, the text is a
// checkpoint, its origin is the one that is wanted, and the quorum is met. Keys in
// log that cosign count only as witnesses, and only where they stand in q too.
//
// An origin of "" wants the origin to be the name of a log key that signed, or that
// name followed by " - " and decimal digits: Rekor v1 writes its tree's ID there
// ("rekor.sigstore.dev - 2605736670972794746").
//
// Errors wrap ErrNote, ErrSignature, ErrKey, ErrCheckpoint, ErrOrigin or ErrQuorum.
// C2SP tlog-checkpoint; tlog-cosignature; signed-note, "Signatures".
func OpenCheckpoint(msg []byte, origin string, log []*VerifierKey, q Quorum) (*SignedCheckpoint, error) {
	n, err := OpenNote(msg, slices.Concat(log, q.Witnesses)...)
	if err != nil {
		return nil, err
	}
	signers := n.logSigners(log)
	if len(signers) == 0 {
		return nil, fmt.Errorf("%w: none is by the log", ErrSignature)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return nil, err
	}
	if !originIs(c.Origin, origin, signers) {
		return nil, fmt.Errorf("%w: origin %.200q", ErrOrigin, c.Origin)
	}
	cosigned, err := q.met(n.Verified)
	if err != nil {
		return nil, err
	}
	return &SignedCheckpoint{Checkpoint: c, Note: n, Cosignatures: cosigned}, nil
}

// logSigners gives the keys of log that signed the note as a log.
func (n *Note) logSigners(log []*VerifierKey) []*VerifierKey {
	var signers []*VerifierKey
	for _, s := range n.Verified {
		if !s.Key.Cosigns() && slices.ContainsFunc(log, s.Key.same) {
			signers = append(signers, s.Key)
		}
	}
	return signers
}

func originIs(got, want string, signers []*VerifierKey) bool {
	if want != "" {
		return got == want
	}
	return slices.ContainsFunc(signers, func(k *VerifierKey) bool {
		return got == k.name || isTreeOf(got, k.name)
	})
}

// isTreeOf reports whether origin is Rekor v1's: the log's name, " - ", digits.
func isTreeOf(origin, name string) bool {
	tree, found := strings.CutPrefix(origin, name+" - ")
	return found && tree != "" && strings.Trim(tree, "0123456789") == ""
}
