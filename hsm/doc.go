// Package hsm uses keys that it never sees: those of a token behind hsm.sock, where stellad-hsm has the PKCS#11 module
// and the PIN. A Key is a crypto.Signer.
//
// Every call ends by its context's deadline and by the call's own limit; a signature by the deadline alone, where there is
// one. A module that is down, hangs or crashes, and a stellad-hsm that restarts, cost the calls under way, with
// ErrUnavailable; later ones succeed as soon as it is back, over the same Client and the same Keys. Nothing is asked for
// twice: a key that was to be made when the connection broke may be there, and is found by its label.
//
// A key is meant by label, CKA_ID and public key together: tokens take two keys of one label, and handles die.
//
// A Client may be used by any number of goroutines.
package hsm

import "time"

// How long a call waits for its answer.
const (
	SignLimit     = 2 * time.Second  // a signature, where its context has no deadline
	CallLimit     = 5 * time.Second  // all else, but for
	GenerateLimit = 60 * time.Second // a new key: RSA takes its time
)

// Sizes, in bytes.
const (
	MaxLabel   = 128
	MaxObject  = 64 << 10 // a data object's value, and what Ed25519 signs
	WrapKeyLen = 32       // a wrapping key's value
)
