package tlog

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrQuorum says that too few witnesses cosigned a checkpoint.
var ErrQuorum = errors.New("too few cosignatures")

// timeSize is the length of the time before a cosignature's 64 bytes of Ed25519.
const timeSize = 8

// maxTime is the end of the year 9999, in seconds since 1970: what follows is no
// time that can be compared or written down. The specification lets a verifier
// refuse any time to come.
const maxTime = 253402300799

// verifyCosignature checks a cosignature: a big-endian time and an Ed25519
// signature over that time and the checkpoint. C2SP tlog-cosignature, "Format" and
// "Ed25519 signed message".
func verifyCosignature(pub ed25519.PublicKey, text, sig []byte) bool {
	if len(sig) != timeSize+ed25519.SignatureSize {
		return false
	}
	made := binary.BigEndian.Uint64(sig)
	if _, err := ParseCheckpoint(text); err != nil || made > maxTime {
		return false
	}
	return ed25519.Verify(pub, cosignedMessage(made, text), sig[timeSize:])
}

func cosignedMessage(made uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", made, text)
}

// cosignedAt reads the time of a cosignature that was verified.
func cosignedAt(sig []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(sig)), 0).UTC()
}

// Quorum says how many of which witnesses must have cosigned a checkpoint. The zero
// value asks for none. It counts distinct public keys: one key under two names is
// one witness, since a cosignature does not commit to its key's name. C2SP
// tlog-cosignature, "Ed25519 signed message".
type Quorum struct {
	Need      int            // of Witnesses; not negative
	Witnesses []*VerifierKey // those that do not cosign are never counted
}

// met gives the verified cosignatures of q's witnesses, one for each public key,
// or an error that wraps ErrQuorum where they are fewer than q needs.
func (q Quorum) met(verified []Signature) ([]Signature, error) {
	var cosigned []Signature
	counted := map[string]bool{}
	for _, s := range verified {
		public := string(s.Key.encoded)
		if s.Key.Cosigns() && !counted[public] && slices.ContainsFunc(q.Witnesses, s.Key.same) {
			counted[public] = true
			cosigned = append(cosigned, s)
		}
	}
	if q.Need < 0 || len(cosigned) < q.Need {
		return nil, fmt.Errorf("%w: %d of %d needed", ErrQuorum, len(cosigned), q.Need)
	}
	return cosigned, nil
}
