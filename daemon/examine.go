package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"

	"stellad/attest"
	"stellad/attest/trust"
	"stellad/audit"
	"stellad/daemon/fair"
	"stellad/daemon/verdicts"
	"stellad/evidence"
	"stellad/evidence/kind"
)

// An examiner finds out what content is and whether it verifies, by the trust root that is in force when it begins.
type examiner struct {
	daemon   *Daemon
	uid      uint32
	trust    *trust.Trust // nil where none is in force: nothing is verified then
	verifier *attest.Verifier

	reason  string          // why the content does not verify
	verdict *attest.Verdict // of an attestation
}

func (d *Daemon) examiner(uid uint32) (*examiner, error) {
	x := &examiner{daemon: d, uid: uid}
	var err error
	x.trust, x.verifier, err = d.judge.InForce()
	if errors.Is(err, verdicts.ErrNoTrust) {
		err = nil
	}
	return x, err
}

// maxAttestation bounds what is read of an attestation, as maxProof does of a proof: all of it is in memory.
const (
	maxAttestation = 16 << 20
	maxProof       = 1 << 20
)

// examine is an evidence.Examination.
func (x *examiner) examine(ctx context.Context, content evidence.Content) (evidence.Findings, error) {
	var k kind.Kind
	err := read(content, func(r io.Reader) (err error) {
		k, err = kind.Of(r)
		return err
	})
	if err != nil {
		return evidence.Findings{}, err
	}
	if k == kind.Evidence {
		return evidence.Findings{}, fmt.Errorf("%w: a bundle of evidence is imported, not added", evidence.ErrRefused)
	}
	found := evidence.Findings{Kind: string(k), Verdict: evidence.None}
	look, is := x.looks()[k]
	if !is {
		return found, nil
	}
	if err := look.turns.Take(ctx, x.uid); err != nil {
		return found, err
	}
	defer look.turns.Give()
	return found, read(content, func(r io.Reader) error { return look.at(r, &found) })
}

// A look finds out of a kind more than that it is one.
type look struct {
	at    func(io.Reader, *evidence.Findings) error
	turns *fair.Turns // that it takes one of: what takes seconds holds up no attestation
}

func (x *examiner) looks() map[kind.Kind]look {
	short, long := x.daemon.turns, x.daemon.reading
	return map[kind.Kind]look{
		kind.Bundle: {x.attestation, short}, kind.DSSE: {x.attestation, short},
		kind.LogProof: {x.proof, short}, kind.Checkpoint: {x.checkpoint, short},
		kind.SBOMArchive: {x.sbomArchive, long}, kind.CycloneDX: {x.sbom, long}, kind.SPDX: {x.sbom, long},
	}
}

func read(content evidence.Content, by func(io.Reader) error) error {
	r, err := content()
	if err != nil {
		return err
	}
	return errors.Join(by(r), r.Close())
}

func (x *examiner) judged(found *evidence.Findings, verified bool, reason string) {
	found.Verdict, found.Trust, x.reason = evidence.Refused, x.trust.Digest, reason
	if verified {
		found.Verdict, x.reason = evidence.Verified, ""
	}
}

// text reads an attestation that is evidence.
func (x *examiner) text(e evidence.Entry) (text []byte, err error) {
	err = read(x.content(e), func(r io.Reader) (err error) {
		text, err = all(r, maxAttestation)
		return err
	})
	return text, err
}

// content opens evidence.
func (x *examiner) content(e evidence.Entry) evidence.Content {
	return func() (io.ReadCloser, error) { return x.daemon.held.Load().Open(e) }
}

// all reads what is small enough to be in memory.
func all(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%w: more than %d MiB", evidence.ErrRefused, limit>>20)
	}
	return text, err
}

// artifactsOf are the digests by which subjects are known here.
func artifactsOf(subjects []attest.Subject) (all []string) {
	for _, s := range subjects {
		for algorithm, digest := range s.Digest {
			if artifact := algorithm + ":" + digest; audit.IsArtifact(artifact) {
				all = append(all, artifact)
			}
		}
	}
	return all
}

func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
