package daemon

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/daemon/deciding"
	"stellad/daemon/rpc"
)

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
