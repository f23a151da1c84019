// Package keys knows what each key of the appliance is for, since when and until when: a registry that is folded of the
// audit log, and the acts that change it. The private halves are in the token (package hsm); none is ever here.
//
//	             key                rotation
//	(none) ──────────────▶ active ──────────────▶ retired
//	   └─────▶ pending ───────┘ rotation                  │
//	            compromised, from any of them ────────────────┴──▶ destroyed
//
// A key is made or destroyed in two records: an intent before the token is asked, and what came of it after it answered.
// Between them a crash leaves a key in the token that the log does not know, or none that it knows: Settle looks for it by
// what it is and writes the second record, or writes that nothing came of it.
//
// Nothing here asks whether its caller may do it: that is access's, and what takes more than one is ceremony's, which
// calls the same acts.
package keys

import "errors"

// Sentinels of this package. A caller compares with errors.Is.
var (
	// ErrUnknown: the appliance has no such key.
	ErrUnknown = errors.New("no such key")
	// ErrLabel: the label is taken, or can't be one.
	ErrLabel = errors.New("not a label for a new key")
	// ErrRole: there is no such role, or its keys are of another algorithm.
	ErrRole = errors.New("not a key for that role")
	// ErrState: the key's state does not allow it.
	ErrState = errors.New("the key's state does not allow it")
	// ErrSlot: the token that is meant is not the one in service.
	ErrSlot = errors.New("not the token in service")
)

// The roles.
const (
	Attestation = "attestation" // signs statements that are logged
	Audit       = "audit"       // signs the audit log's checkpoints
	Log         = "log"         // signs the signature log's checkpoints
	Policy      = "policy"      // signs policy bundles
	Timestamp   = "timestamp"   // signs timestamp tokens
)
