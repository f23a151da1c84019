package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
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

// keep has content on disk under its digest.
func (h *held) keep(all ...[]byte) error {
	for _, text := range all {
		if _, _, err := h.content.Put(bytes.NewReader(text), int64(len(text))); err != nil {
			return err
		}
	}
	return nil
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

// ReplayDecision reads everything from where it was kept: nothing of it is the caller's.
func (s *policyService) ReplayDecision(ctx context.Context, req *stellav1.ReplayDecisionRequest) (*stellav1.ReplayDecisionResponse, error) {
	h := s.daemon.held.Load()
	if err := isPrefix(req.GetSha256()); err != nil {
		return nil, err
	}
	made, err := h.policies.Decision(req.GetSha256())
	if err != nil {
		return nil, err
	}
	var texts [3][]byte
	for i, name := range []string{made.Blob, made.Policy, made.Input} {
		if texts[i], err = h.policies.Open(name); err != nil {
			return nil, err
		}
	}
	then, at, err := decided(texts[0])
	if err != nil {
		return nil, err
	}
	if err := s.daemon.turns.Take(ctx, rpc.Actor(ctx).UID); err != nil {
		return nil, err
	}
	defer s.daemon.turns.Give()
	now, same, err := h.decider.Replay(then, texts[1], texts[2])
	if err != nil {
		return nil, err
	}
	again := then
	again.Decision = now
	return &stellav1.ReplayDecisionResponse{Then: decisionOf(made.Artifact, at, then), Now: decisionOf(made.Artifact, at, again), Same: same}, nil
}

// decided reads what a Sigstore bundle says was decided.
func decided(bundle []byte) (then deciding.Predicate, at time.Time, err error) {
	docs, err := attest.Parse(bundle)
	if err != nil || len(docs) != 1 {
		return then, at, fmt.Errorf("%w: %d documents: %w", deciding.ErrReplay, len(docs), err)
	}
	_, predicate, err := docs[0].Predicate()
	if err != nil {
		return then, at, fmt.Errorf("%w: %w", deciding.ErrReplay, err)
	}
	return deciding.ReadPredicate(predicate)
}

func decisionOf(artifact string, at time.Time, p deciding.Predicate) *stellav1.PolicyDecision {
	d := &stellav1.PolicyDecision{
		Artifact: artifact, Environment: p.Environment, Time: timestamppb.New(at), Verdict: p.Verdict, Before: p.Before,
		Line: p.Line, PolicySha256: p.Policy.SHA256, PolicyVersion: p.Policy.Version, InputSha256: p.Input.SHA256,
	}
	for _, g := range p.Gates {
		d.Gates = append(d.Gates, &stellav1.PolicyGate{Name: g.Name, Passed: g.Passed, Before: g.Before, Reasons: g.Reasons, Looked: g.Looked})
	}
	for _, e := range p.Exceptions {
		d.Exceptions = append(d.Exceptions, &stellav1.PolicyException{
			Finding: e.Finding, Package: e.Package, Statement: e.Statement, Status: e.Status, Why: e.Why, By: e.By,
		})
	}
	return d
}
