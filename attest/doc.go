// Package attest verifies attestations: Sigstore bundles 0.1 to 0.3 and bare
// DSSE v1 envelopes, with nothing but their bytes and a trust root.
//
// It opens no file and no socket, and asks no clock: a certificate is judged at
// the time that a log or a timestamping authority proved, so that a verdict is
// the same today and in ten years.
//
// Verification is sigstore-go's, step by step, with two differences. What it
// does twice is done once (a trusted root's own paths, a log entry's parse). And
// what it leaves open is closed: each field of a bundle is either bound to what
// was signed, or refused, or named in Verdict.NotAuthenticated.
package attest

import "errors"

// ErrNotBundle is wrapped by every reason for which bytes are no attestation at
// all, as opposed to one that does not verify.
var ErrNotBundle = errors.New("not an attestation")

// Limits on one document. They bound the work that a stranger's bytes can ask
// for; the size of a file is its reader's to bound.
const (
	maxEntries    = 32
	maxTimestamps = 32
	maxSignatures = 16
	maxSubjects   = 1024
	maxDocuments  = 10_000
	maxTokens     = 100_000   // of JSON in a document, which any stranger may bring
	maxStatement  = 4_000_000 // of JSON in a statement, which is read once it is known who signed
	maxHashes     = 64        // of an inclusion proof: no tree is higher
	maxNoteLines  = 100
)
