package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"stellad/daemon/verdicts"
	"stellad/evidence"
	"stellad/evidence/kind"
	"stellad/keys"
	"stellad/policy"
)

// holdings puts together what the appliance holds on an artifact: for each piece of evidence in the index, what it says if
// it verifies by the trust root in force, or that it counts for nothing.
type holdings struct{ daemon *Daemon }

// State is of the trust root, the keys, and the evidence of the artifact with its verdicts.
func (h holdings) State(artifact string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, artifact, h.daemon.judge.State().Trust)
	err := h.daemon.held.Load().each(evidence.Filter{Artifact: artifact}, func(e evidence.Entry) error {
		_, err := fmt.Fprintln(sum, e.Blob, e.Kind)
		return err
	})
	if err != nil {
		return "", err
	}
	custody, err := h.keys()
	if err != nil {
		return "", err
	}
	for _, e := range custody {
		fmt.Fprintln(sum, e.SHA256(), e.State())
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (h holdings) keys() ([]keys.Entry, error) {
	s := h.daemon.signs.Load()
	if s == nil {
		return nil, nil
	}
	return s.List()
}

// Facts reads all evidence of the artifact. One document takes a turn of uid's at verifying. Evidence that is damaged on
// disk, or that can't be read, is an error: what it would have said is not known.
func (h holdings) Facts(ctx context.Context, uid uint32, artifact string) (policy.Facts, error) {
	x, err := h.daemon.examiner(uid)
	if err != nil {
		return policy.Facts{}, err
	}
	if x.verifier == nil {
		return policy.Facts{}, verdicts.ErrNoTrust
	}
	own, err := h.keys()
	if err != nil {
		return policy.Facts{}, err
	}
	g := &gathering{examiner: x, artifact: artifact, assembly: policy.NewAssembly(artifact), own: map[string]keys.Entry{}}
	for _, e := range own {
		g.own[e.SHA256()] = e
	}
	if err := h.daemon.held.Load().each(evidence.Filter{Artifact: artifact}, func(e evidence.Entry) error { return g.take(ctx, e) }); err != nil {
		return policy.Facts{}, fmt.Errorf("put together what is held on %s: %w", artifact, err)
	}
	return g.assembly.Facts(), nil
}

// Logs are the appliance's own log of signatures, once it has an entry.
func (h holdings) Logs() ([]policy.Log, error) {
	s := h.daemon.signs.Load()
	if s == nil {
		return nil, nil
	}
	log, err := s.Log()
	if err != nil || log.Size == 0 {
		return nil, err
	}
	return []policy.Log{{Origin: log.Origin, Size: log.Size, Signed: policy.Instant(log.Time)}}, nil
}

// A gathering is what one call of Facts knows.
type gathering struct {
	*examiner

	artifact string
	assembly *policy.Assembly
	own      map[string]keys.Entry // the appliance's keys, by SHA-256
}

// take tells the assembly of one piece of evidence.
func (g *gathering) take(ctx context.Context, e evidence.Entry) error {
	switch k := kind.Kind(e.Kind); k {
	case kind.Bundle, kind.DSSE:
		return g.attested(ctx, e)
	case kind.SBOMArchive:
		return g.archived(ctx, e)
	case kind.LogProof, kind.Checkpoint, kind.Timestamp: // they prove something of another document, and state nothing
		return nil
	default:
		g.assembly.LeaveOut(e.Blob, k, "it is not signed: only what a verified attestation says counts")
		return nil
	}
}
