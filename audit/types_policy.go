package audit

import (
	"errors"
	"fmt"
)

// Bundle is a policy bundle that was taken in. It decides nothing before an Activation.
type Bundle struct {
	Blob     string `json:"blob"`              // SHA-256, lower-case hex
	Intent   uint64 `json:"intent,omitzero"`   // where it was signed here
	Key      string `json:"key"`               // SHA-256 of the public key that signed it
	Revision string `json:"revision,omitzero"` // what its manifest calls it: a token
	Size     uint64 `json:"size"`              // bytes
}

func (b *Bundle) valid() error {
	if !isToken(b.Revision) || b.Size == 0 || b.Size > maxInteger || b.Intent > maxInteger {
		return fmt.Errorf("revision %.80q, %d bytes, intent %d", b.Revision, b.Size, b.Intent)
	}
	return errors.Join(digest(b.Blob), digest(b.Key))
}

// Activation puts a policy bundle in force, as the next version.
type Activation struct {
	Blob    string `json:"blob"`        // SHA-256, lower-case hex
	To      uint64 `json:"to,omitzero"` // of a rollback: the earlier version that had this bundle
	Version uint64 `json:"version"`     // one more than that of the activation before
}

func (a *Activation) valid() error {
	if a.Version == 0 || a.Version > maxInteger || a.To >= a.Version {
		return fmt.Errorf("version %d, back to %d", a.Version, a.To)
	}
	return digest(a.Blob)
}

// Decision is one of a policy that was signed.
type Decision struct {
	Artifact    string `json:"artifact"`
	Blob        string `json:"blob"`             // the Sigstore bundle of the decision's statement: SHA-256
	Environment string `json:"environment"`      // a token
	Input       string `json:"input"`            // SHA-256 of the input that was decided on, a blob
	Policy      string `json:"policy"`           // SHA-256 of the policy bundle
	Verdict     string `json:"verdict"`          // "passed" or "blocked"
	Version     uint64 `json:"version,omitzero"` // that the policy was in force as; none for the built-in one
}

func (d *Decision) valid() error {
	switch {
	case !IsArtifact(d.Artifact):
		return fmt.Errorf("artifact %.80q", d.Artifact)
	case !isToken(d.Environment) || d.Environment == "":
		return fmt.Errorf("environment %.80q", d.Environment)
	case d.Verdict != "passed" && d.Verdict != "blocked":
		return fmt.Errorf("verdict %.80q", d.Verdict)
	case d.Version > maxInteger:
		return fmt.Errorf("version %d", d.Version)
	}
	return errors.Join(digest(d.Blob), digest(d.Input), digest(d.Policy))
}
