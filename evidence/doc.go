// Package evidence knows which evidence the appliance holds, and which artifacts it is about.
//
// Evidence is content: an attestation, an SBOM, a scan report, a proof. It is taken in whole, in this order, of which a
// crash after any leaves what stands beside it:
//
//	staged     a file that the next start removes
//	examined   the same: what it is, what it states, whether it verifies
//	blob       content that nothing names; the same content given again names it
//	record     it is evidence: the index is folded of the records
//
// What a document states of itself (subjects) and what its bringer says of it (artifacts) are kept apart, since the one may
// be signed and the other never is.
package evidence

import "errors"

// Sentinels of this package. A caller compares with errors.Is.
var (
	// ErrUnknown: no such evidence, or no artifact that it is about.
	ErrUnknown = errors.New("no such evidence")
	// ErrAmbiguous: a prefix that several have.
	ErrAmbiguous = errors.New("an ambiguous prefix")
	// ErrRefused: the content is not evidence of a kind that is known.
	ErrRefused = errors.New("not evidence")
)

// The verdicts.
const (
	Verified = "verified"
	Refused  = "refused"
	None     = "none" // there is nothing to verify it by
)
