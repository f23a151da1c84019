package daemon

import (
	"errors"
	"fmt"
	"io"

	"stellad/attest"
	"stellad/attest/logproof"
	"stellad/audit"
	"stellad/evidence"
	"stellad/sbom"
	"stellad/sbom/document"
)

func (x *examiner) attestation(content io.Reader, found *evidence.Findings) error {
	text, err := all(content, maxAttestation)
	if err != nil {
		return err
	}
	docs, err := attest.Parse(text)
	switch {
	case err != nil:
		return refusal(err, attest.ErrNotBundle)
	case len(docs) != 1:
		return fmt.Errorf("%w: %d attestations in one file: add each by itself", evidence.ErrRefused, len(docs))
	case x.verifier == nil:
		return nil
	}
	x.verdict = x.verifier.Verify(docs[0], attest.Expect{})
	x.judged(found, x.verdict.Verified, x.verdict.Reason)
	if found.Verdict == evidence.Verified {
		found.Subjects = artifactsOf(x.verdict.Established.Subjects)
		if p := x.verdict.Established.PredicateType; audit.IsToken(p) {
			found.Predicate = p
		}
	}
	return nil
}

// sbom holds an SBOM to its specification: nothing in it says who made it.
func (x *examiner) sbom(content io.Reader, _ *evidence.Findings) error {
	_, err := sbom.ReadDocument(content)
	return refusal(err, document.ErrForm, document.ErrVersion, document.ErrInvalid)
}

// sbomArchive verifies an archive whole. One that is not verified is kept as such, and states nothing.
func (x *examiner) sbomArchive(content io.Reader, found *evidence.Findings) error {
	if x.verifier == nil {
		return nil
	}
	a, err := sbom.Verify(content, sbom.Expect{Verifier: x.verifier, Read: sbom.ReadDocument})
	if err != nil {
		return err
	}
	x.judged(found, a.Verified, a.Reason)
	if a.Verified {
		found.Subjects, found.Predicate = artifactsOf(a.Verdict.Established.Subjects), sbom.PredicateType
	}
	return nil
}

// refusal tells of content that is not what its kind asks for.
func refusal(err error, of ...error) error {
	for _, sentinel := range of {
		if errors.Is(err, sentinel) {
			return fmt.Errorf("%w: %w", evidence.ErrRefused, err)
		}
	}
	return err
}

// proof verifies a proof that has its entry and its checkpoint; another says nothing by itself.
func (x *examiner) proof(content io.Reader, found *evidence.Findings) error {
	text, err := all(content, maxProof)
	if err != nil {
		return err
	}
	proofs, err := logproof.Parse(text)
	if err != nil {
		return refusal(err, logproof.ErrFormat)
	}
	if x.trust == nil {
		return nil
	}
	for _, p := range proofs {
		_, err := p.Verify(nil, nil, x.trust.LogKeys())
		if errors.Is(err, logproof.ErrMissing) {
			return nil
		}
		x.judged(found, err == nil, reasonOf(err))
		if err != nil {
			return nil
		}
	}
	return nil
}

func (x *examiner) checkpoint(content io.Reader, found *evidence.Findings) error {
	text, err := all(content, maxProof)
	if err != nil || x.trust == nil {
		return err
	}
	_, err = logproof.OpenCheckpoint(text, x.trust.LogKeys())
	x.judged(found, err == nil, reasonOf(err))
	return nil
}
