package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest/sign"
	"stellad/audit"
	"stellad/daemon/deciding"
	"stellad/daemon/rpc"
	"stellad/daemon/signing"
	"stellad/keys"
)

type policyService struct {
	stellav1.UnimplementedPolicyServiceServer
	daemon *Daemon
}

func (s *policyService) Evaluate(ctx context.Context, req *stellav1.EvaluateRequest) (*stellav1.EvaluateResponse, error) {
	a, err := s.daemon.decide(ctx, req.GetArtifact(), req.GetEnvironment())
	if err != nil {
		return nil, err
	}
	s.daemon.ledger.Load().Answered(rpc.Entry(ctx), strings.ToLower(a.Verdict))
	resp := &stellav1.EvaluateResponse{Decision: decisionOf(a.Artifact, a.Time, a.Predicate())}
	if req.GetExplain() {
		resp.Input = a.Input.JSON()
	}
	return resp, nil
}

// decide decides on an artifact that a digest or a prefix of it names.
func (d *Daemon) decide(ctx context.Context, artifact, environment string) (*deciding.Answer, error) {
	if !audit.IsToken(environment) {
		return nil, fmt.Errorf("%w: environment %.80q: the name of one that the policy in force has parameters for", rpc.ErrBadRequest, environment)
	}
	h := d.held.Load()
	whole, err := h.artifact(artifact)
	if err != nil {
		return nil, err
	}
	return h.decider.Decide(ctx, rpc.Actor(ctx).UID, whole, environment)
}

// SignDecision keeps what a decision was made of before it signs, and records it after: a crash between leaves content
// that nothing names, or a signature that is no decision of this appliance's.
func (s *policyService) SignDecision(ctx context.Context, req *stellav1.SignDecisionRequest) (*stellav1.SignDecisionResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	key, err := signs.attestationKey(req.GetKey())
	if err != nil {
		return nil, err
	}
	a, err := s.daemon.decide(ctx, req.GetArtifact(), req.GetEnvironment())
	if err != nil {
		return nil, err
	}
	h := s.daemon.held.Load()
	if err := h.keep(a.Input.JSON(), a.Bundle.Text); err != nil {
		return nil, err
	}
	predicate, err := json.Marshal(a.Predicate())
	if err != nil {
		return nil, err
	}
	signed, err := signs.state(ctx, key, sign.Predicate{Type: deciding.PredicateType, JSON: predicate}, a.Artifact)
	if err != nil {
		return nil, err
	}
	name, err := h.policies.Put(signed)
	if err != nil {
		return nil, err
	}
	err = h.policies.Decided(ctx, act(ctx), audit.Decision{
		Artifact: a.Artifact, Blob: name, Environment: a.Environment, Input: a.Input.SHA256, Policy: a.Bundle.SHA256,
		Verdict: strings.ToLower(a.Verdict), Version: a.Bundle.Version,
	})
	if err != nil {
		return nil, err
	}
	return &stellav1.SignDecisionResponse{Decision: decisionOf(a.Artifact, a.Time, a.Predicate()), Bundle: signed, Sha256: name}, nil
}

// keep has content on disk, each under its digest. A disk that hangs holds up all of it as long as one.
func (h *held) keep(all ...[]byte) error {
	var puts errgroup.Group
	for _, text := range all {
		puts.Go(func() error {
			_, _, err := h.content.Put(bytes.NewReader(text), int64(len(text)))
			return err
		})
	}
	return puts.Wait()
}

// state signs a statement on artifacts.
func (s *signs) state(ctx context.Context, key string, predicate sign.Predicate, artifacts ...string) ([]byte, error) {
	r := signing.Request{Key: key, Predicate: &predicate}
	for _, artifact := range artifacts {
		subject, is := subjectOf(artifact)
		if !is {
			return nil, fmt.Errorf("%w: %s: a statement names artifacts by SHA-256", rpc.ErrBadRequest, artifact)
		}
		r.Subjects = append(r.Subjects, subject)
	}
	bundle, _, err := s.Sign(ctx, act(ctx), r)
	return bundle, err
}

// attestationKey finds the key that signs where none is named: the only active one.
func (s *signs) attestationKey(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	e, err := s.TheActive(keys.Attestation)
	return e.Label, err
}
