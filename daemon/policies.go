package daemon

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/rpc"
	"stellad/policy/bundle"
	"stellad/policy/signature"
	"stellad/policy/versions"
	"stellad/policy/worker"
)

func (s *policyService) ListPolicies(context.Context, *stellav1.ListPoliciesRequest) (*stellav1.ListPoliciesResponse, error) {
	h := s.daemon.held.Load()
	bundles, err := h.policies.Bundles()
	if err != nil {
		return nil, err
	}
	all, err := h.policies.Versions()
	if err != nil {
		return nil, err
	}
	_, builtIn := h.decider.BuiltIn()
	resp := &stellav1.ListPoliciesResponse{Versions: []*stellav1.PolicyVersion{{Sha256: builtIn}}}
	for _, b := range bundles {
		resp.Bundles = append(resp.Bundles, bundleOf(b))
	}
	for _, v := range all {
		resp.Versions = append(resp.Versions, versionOf(v))
	}
	return resp, nil
}

func (s *policyService) ReadPolicy(req *stellav1.ReadPolicyRequest, stream grpc.ServerStreamingServer[stellav1.ReadPolicyResponse]) error {
	text, err := s.wanted(req)
	if err != nil {
		return err
	}
	_, err = pieceWriter(func(piece []byte) error { return stream.Send(&stellav1.ReadPolicyResponse{Content: piece}) }).Write(text)
	return err
}

func (s *policyService) wanted(req *stellav1.ReadPolicyRequest) ([]byte, error) {
	h := s.daemon.held.Load()
	name := req.GetSha256()
	switch {
	case req.GetBuiltIn():
		text, _ := h.decider.BuiltIn()
		return text, nil
	case req.GetInForce():
		v, err := h.policies.InForce()
		if err != nil {
			return nil, err
		}
		if v.Number == 0 {
			text, _ := h.decider.BuiltIn()
			return text, nil
		}
		name = v.SHA256
	case req.GetVersion() != 0:
		v, err := h.policies.Version(req.GetVersion())
		if err != nil {
			return nil, err
		}
		name = v.SHA256
	}
	b, err := h.bundle(name)
	if err != nil {
		return nil, err
	}
	return h.policies.Open(b.SHA256)
}

// bundle finds the one that a SHA-256 or a prefix of it names.
func (h *held) bundle(sha256 string) (versions.Bundle, error) {
	if err := isPrefix(sha256); err != nil {
		return versions.Bundle{}, err
	}
	return h.policies.Find(sha256)
}

// ActivatePolicy verifies once more: whoever signed the bundle may not be accepted any longer.
func (s *policyService) ActivatePolicy(ctx context.Context, req *stellav1.ActivatePolicyRequest) (*stellav1.ActivatePolicyResponse, error) {
	h := s.daemon.held.Load()
	b, err := h.bundle(req.GetSha256())
	if err != nil {
		return nil, err
	}
	text, err := h.policies.Open(b.SHA256)
	if err != nil {
		return nil, err
	}
	if err := s.stands(ctx, text); err != nil {
		return nil, err
	}
	v, err := h.policies.Activate(ctx, act(ctx), b.SHA256)
	if err != nil {
		return nil, err
	}
	return &stellav1.ActivatePolicyResponse{Version: versionOf(v)}, h.decider.Follow(h.policies)
}

// stands tells whether a bundle that was taken in could be taken in now.
func (s *policyService) stands(ctx context.Context, text []byte) error {
	accepted, err := s.daemon.policySigners()
	if err != nil {
		return err
	}
	files, err := bundle.Read(text)
	if err != nil {
		return err
	}
	if _, err := signature.Verify(files, accepted); err != nil {
		return err
	}
	_, err = s.daemon.checkBundle(ctx, text)
	return err
}

// RollbackPolicy asks no signature again: what was in force was accepted then.
func (s *policyService) RollbackPolicy(ctx context.Context, req *stellav1.RollbackPolicyRequest) (*stellav1.RollbackPolicyResponse, error) {
	h := s.daemon.held.Load()
	v, err := h.policies.Rollback(ctx, act(ctx), req.GetVersion())
	if err != nil {
		return nil, err
	}
	return &stellav1.RollbackPolicyResponse{Version: versionOf(v)}, h.decider.Follow(h.policies)
}

func (s *policyService) TestPolicy(stream grpc.ClientStreamingServer[stellav1.TestPolicyRequest, stellav1.TestPolicyResponse]) error {
	text, err := bundleText(nil, func() ([]byte, error) {
		req, err := stream.Recv()
		return req.GetContent(), err
	})
	if err != nil {
		return err
	}
	if _, err := bundle.Read(text); err != nil {
		return err
	}
	ctx := stream.Context()
	if err := s.daemon.reading.Take(ctx, rpc.Actor(ctx).UID); err != nil {
		return err
	}
	defer s.daemon.reading.Give()
	tests, err := worker.Command(policyWorker).Test(text)
	if err != nil {
		return err
	}
	resp := &stellav1.TestPolicyResponse{}
	for _, t := range tests {
		resp.Tests = append(resp.Tests, &stellav1.TestPolicyResponse_Test{Name: t.Name, Passed: t.Passed, Reason: t.Reason})
	}
	return stream.SendAndClose(resp)
}

func bundleOf(b versions.Bundle) *stellav1.PolicyBundle {
	return &stellav1.PolicyBundle{
		Sha256: b.SHA256, Revision: b.Revision, KeySha256: b.Key, Size: b.Size, Time: timestamppb.New(b.Time), Uid: b.UID,
	}
}

func versionOf(v versions.Version) *stellav1.PolicyVersion {
	return &stellav1.PolicyVersion{Number: v.Number, Sha256: v.SHA256, To: v.To, Time: timestamppb.New(v.Time), Uid: v.UID}
}
