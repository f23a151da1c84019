package attest

import (
	"stellad/attest/trust"
)

// Verifier verifies documents against one trust root. It is made once, holds
// nothing of what it verified, and is safe for concurrent use.
type Verifier struct {
	trust    *trust.Trust
	anyLogs  bool // some trusted root knows logs
	rootless *trust.Root
}

// NewVerifier makes a Verifier of a trust root.
func NewVerifier(t *trust.Trust) *Verifier {
	v := &Verifier{trust: t, rootless: trust.NoRoot()}
	for _, r := range t.Roots {
		v.anyLogs = v.anyLogs || len(r.RekorLogs()) > 0
	}
	return v
}

// Expect is what a document must be to be accepted.
type Expect struct {
	// Artifact is what must be signed or be a statement's subject; nil asks for
	// none, and the verdict says so.
	Artifact *Artifact

	// Signers, where there are any, stand in for those of the trust root.
	Signers []*trust.Signer

	// PredicateType must be the statement's; "" asks for none.
	PredicateType string
}

// Verify judges one document. It never fails: whatever is wrong is a refusal
// with its reason.
func (v *Verifier) Verify(d *Document, want Expect) *Verdict {
	if want.Signers == nil {
		want.Signers = v.trust.Signers
	}
	c := &chain{verifier: v, doc: d, want: want, root: v.rootless}
	if d.envelope != nil {
		return c.judge(envelopeSteps).verdict()
	}
	entity, err := d.open()
	if err != nil {
		return c.refuse(linkDocument, err).verdict()
	}
	return v.verifyBundle(d, entity, want).verdict()
}

// verifyBundle tries the trusted roots one after the other, each by itself, and
// keeps the one that verifies or else the one that got furthest.
func (v *Verifier) verifyBundle(d *Document, e *entity, want Expect) *chain {
	roots := v.trust.Roots
	if len(roots) == 0 {
		roots = []*trust.Root{v.rootless}
	}
	var best *chain
	for _, root := range roots {
		c := (&chain{verifier: v, doc: d, entity: e, want: want, root: root}).judge(bundleSteps)
		if best == nil || c.failed == nil || c.reached() > best.reached() {
			best = c
		}
		if c.failed == nil {
			break
		}
	}
	return best
}
