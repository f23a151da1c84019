// Package sign makes Sigstore bundles of in-toto statements, with a key that it
// does not hold.
//
//	subjects, predicate ──NewStatement──▶ Statement ──Sign──▶ Envelope ──Bundle──▶ bundle 0.3
//	                                                            │ Entry     ▲
//	                                                            ▼           │
//	                                                     log, timestamping authority
//
// The caller stands between: it puts [Envelope.Entry] into its log, has the log
// sign a checkpoint, has an authority stamp [Envelope.Signature], and brings proof
// and token back. [Envelope.Bundle] gives nothing that the verifier of package
// attest does not accept under the trust that the caller publishes.
//
// # Specifications
//
//   - in-toto Statement v1; DSSE v1 with PAE.
//   - Rekor v2: hashedrekord 0.0.2, a DSSE logged by the SHA-256 of its PAE.
//   - Sigstore bundle 0.3, signed by a key that its publicKey.hint names.
//   - The endorsement predicate: docs/formats/endorsement.md.
package sign

import "errors"

// Limits on a statement. The whole bundle stays below the 4 MiB of one call of
// the daemon, base64 counted.
const (
	maxPredicate = 2 << 20 // bytes
	maxTokens    = 100_000 // of JSON in the predicate
	maxSubjects  = 1024    // as attest reads
	maxName      = 1024    // bytes of a subject's name
	maxType      = 512     // bytes of a predicate type
)

// The reasons for which nothing is signed.
var (
	// ErrStatement says that subjects or predicate make no statement.
	ErrStatement = errors.New("not a statement that can be signed")

	// ErrKey says that a key can't sign attestations that are logged.
	ErrKey = errors.New("not a key for logged attestations")

	// ErrSignature says that a key, asked to sign, gave what is not its signature.
	ErrSignature = errors.New("the key gave no signature of its own")

	// ErrBundle says that what was brought together does not verify.
	ErrBundle = errors.New("the bundle would not verify")
)
