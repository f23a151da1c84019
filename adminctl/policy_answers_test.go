package main

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/policy/bundle"
)

// policyAnswers is a daemon with the decisions, policies and VEX of a test; the socket, the files and the commands are real.
type policyAnswers struct {
	stellav1.UnimplementedPolicyServiceServer
	stellav1.UnimplementedVEXServiceServer
	stellav1.UnimplementedStatusServiceServer
	decision *stellav1.PolicyDecision
	input    string
	same     bool
	policies map[string][]byte // by what ReadPolicy is asked for
	tests    []*stellav1.TestPolicyResponse_Test
	err      error // in place of an answer

	asked any // the last request
	sent  []byte
}

func (a *policyAnswers) serve(t *testing.T) *policyAnswers {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(shortDir(t), api.AdminSocket+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	stellav1.RegisterPolicyServiceServer(s, a)
	stellav1.RegisterVEXServiceServer(s, a)
	stellav1.RegisterStatusServiceServer(s, a)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return a
}

const (
	answeredArtifact = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	answeredPolicy   = "4c1f0e9a2b7d4c1f0e9a2b7d4c1f0e9a2b7d4c1f0e9a2b7d4c1f0e9a2b7d4c1f"
	answeredVEX      = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/0"
)

// sampleDecision blocks, with one exception, and has a name that would steer a terminal.
func sampleDecision() *stellav1.PolicyDecision {
	return &stellav1.PolicyDecision{
		Artifact: answeredArtifact, Environment: "production", Time: day(1), Verdict: "BLOCKED", Before: "BLOCKED",
		Line: "BLOCKED - CVE-2024-12345 (CVSS 9.8) exceeds threshold", PolicySha256: answeredPolicy, PolicyVersion: 3, InputSha256: answeredPolicy,
		Gates: []*stellav1.PolicyGate{
			{Name: "sbom", Passed: true, Before: true, Looked: []string{"CycloneDX 1.6 by key:a"}},
			{Name: "cvss", Reasons: []string{"CVE-2024-12345 (CVSS 9.8) exceeds threshold"}, Looked: []string{"one", "two", "three \x1b[2J", "four"}},
		},
		Exceptions: []*stellav1.PolicyException{{Finding: "CVE-2024-1", Package: "pkg:deb/foo@1", Statement: answeredVEX, Status: "not_affected", Why: "not reachable", By: "key:a"}},
	}
}

const sampleInput = `{"version":1,"findings":[{"id":"CVE-2024-12345","package":{"name":"foo","version":"1","purl":""},"vex":["aa/0","ab/0"],"near":[{"statement":"ac/0","why":"it is about another artifact"}]}],
"statements":{"aa/0":{"status":"not_affected","made":"2026-01-01T00:00:00Z","expires":"2026-02-01T00:00:00Z"},"ab/0":{"status":"affected","made":"2026-01-02T00:00:00Z"}},
"unverified":[{"evidence":"0123456789abcdef","kind":"openvex","why":"it is not signed"}]}`

func (a *policyAnswers) Evaluate(_ context.Context, req *stellav1.EvaluateRequest) (*stellav1.EvaluateResponse, error) {
	a.asked = req
	resp := &stellav1.EvaluateResponse{Decision: a.decision}
	if req.GetExplain() {
		resp.Input = []byte(a.input)
	}
	return resp, a.err
}

func (a *policyAnswers) SignDecision(_ context.Context, req *stellav1.SignDecisionRequest) (*stellav1.SignDecisionResponse, error) {
	a.asked = req
	return &stellav1.SignDecisionResponse{Decision: a.decision, Bundle: []byte("signed"), Sha256: answeredPolicy}, a.err
}

func (a *policyAnswers) ReplayDecision(_ context.Context, req *stellav1.ReplayDecisionRequest) (*stellav1.ReplayDecisionResponse, error) {
	a.asked = req
	return &stellav1.ReplayDecisionResponse{Then: a.decision, Now: a.decision, Same: a.same}, a.err
}

func (a *policyAnswers) LoadPolicy(stream grpc.ClientStreamingServer[stellav1.LoadPolicyRequest, stellav1.LoadPolicyResponse]) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		a.asked, a.sent = req, append(a.sent, req.GetContent()...)
	}
	if a.err != nil {
		return a.err
	}
	return stream.SendAndClose(&stellav1.LoadPolicyResponse{Bundle: sampleBundle(), Environments: []string{"production", "staging"}})
}

func (a *policyAnswers) TestPolicy(stream grpc.ClientStreamingServer[stellav1.TestPolicyRequest, stellav1.TestPolicyResponse]) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		a.sent = append(a.sent, req.GetContent()...)
	}
	return stream.SendAndClose(&stellav1.TestPolicyResponse{Tests: a.tests})
}

func sampleBundle() *stellav1.PolicyBundle {
	return &stellav1.PolicyBundle{Sha256: answeredPolicy, Revision: "2026.3", KeySha256: strings.Repeat("b", 64), Size: 4711, Time: day(1), Uid: 7}
}

func (a *policyAnswers) ListPolicies(context.Context, *stellav1.ListPoliciesRequest) (*stellav1.ListPoliciesResponse, error) {
	return &stellav1.ListPoliciesResponse{Bundles: []*stellav1.PolicyBundle{sampleBundle()}, Versions: []*stellav1.PolicyVersion{
		{Sha256: strings.Repeat("0", 64)}, {Number: 1, Sha256: answeredPolicy, Time: day(1), Uid: 7}, {Number: 2, Sha256: strings.Repeat("c", 64), Time: day(2)}, {Number: 3, Sha256: answeredPolicy, To: 1, Time: day(3)},
	}}, a.err
}

func (a *policyAnswers) ReadPolicy(req *stellav1.ReadPolicyRequest, stream grpc.ServerStreamingServer[stellav1.ReadPolicyResponse]) error {
	a.asked = req
	text, there := a.policies[map[bool]string{true: "now"}[req.GetInForce()]+req.GetSha256()]
	if !there {
		return a.err
	}
	return stream.Send(&stellav1.ReadPolicyResponse{Content: text})
}

func (a *policyAnswers) ActivatePolicy(_ context.Context, req *stellav1.ActivatePolicyRequest) (*stellav1.ActivatePolicyResponse, error) {
	a.asked = req
	return &stellav1.ActivatePolicyResponse{Version: &stellav1.PolicyVersion{Number: 4, Sha256: answeredPolicy, Time: day(4)}}, a.err
}

func (a *policyAnswers) RollbackPolicy(_ context.Context, req *stellav1.RollbackPolicyRequest) (*stellav1.RollbackPolicyResponse, error) {
	a.asked = req
	return &stellav1.RollbackPolicyResponse{Version: &stellav1.PolicyVersion{Number: 5, Sha256: answeredPolicy, To: 2, Time: day(5)}}, a.err
}

func sampleStatement(verified bool) *stellav1.VEXStatement {
	return &stellav1.VEXStatement{
		Id: answeredVEX, Vulnerability: "CVE-2024-12345", Status: "not_affected", ImpactStatement: "not reachable", Made: "2026-03-01T08:00:00Z",
		Expires: "2026-04-01T00:00:00Z", Products: []string{answeredArtifact}, Format: "openvex", Verified: verified, Signers: []string{"key:a"}, Artifacts: []string{answeredArtifact},
	}
}

func (a *policyAnswers) AddVEX(_ context.Context, req *stellav1.AddVEXRequest) (*stellav1.AddVEXResponse, error) {
	a.asked = req
	return &stellav1.AddVEXResponse{Statement: sampleStatement(req.GetSign())}, a.err
}

func (a *policyAnswers) WithdrawVEX(_ context.Context, req *stellav1.WithdrawVEXRequest) (*stellav1.WithdrawVEXResponse, error) {
	a.asked = req
	s := sampleStatement(true)
	s.Status, s.ImpactStatement, s.Expires = "under_investigation", "", ""
	return &stellav1.WithdrawVEXResponse{Statement: s}, a.err
}

func (a *policyAnswers) ListVEX(_ context.Context, req *stellav1.ListVEXRequest) (*stellav1.ListVEXResponse, error) {
	a.asked = req
	return &stellav1.ListVEXResponse{Statements: []*stellav1.VEXStatement{sampleStatement(true), sampleStatement(false)}}, a.err
}

func (a *policyAnswers) Sealed(context.Context, *stellav1.SealedRequest) (*stellav1.SealedResponse, error) {
	return &stellav1.SealedResponse{Pid: 1 << 22, Seals: []*stellav1.Seal{{Name: "sockets", Holds: true, Proof: "3 open"}, {Name: "network", Proof: "eth0 \x1b[2J"}}}, a.err
}

// packedPolicy is a bundle of one module.
func packedPolicy(t *testing.T, files bundle.Files) []byte {
	t.Helper()
	text, err := bundle.Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
