package daemon

import (
	"context"
	"fmt"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/sign"
	"stellad/daemon/rpc"
	"stellad/daemon/signing"
)

type signingService struct {
	stellav1.UnimplementedSigningServiceServer
	daemon *Daemon
}

func (s *signingService) SignStatement(ctx context.Context, req *stellav1.SignStatementRequest) (*stellav1.SignStatementResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	bundle, signed, err := signs.Sign(ctx, act(ctx), requestOf(ctx, req))
	if err != nil {
		return nil, err
	}
	return &stellav1.SignStatementResponse{Bundle: bundle, Index: signed.Index, Seq: signed.Seq}, nil
}

func requestOf(ctx context.Context, req *stellav1.SignStatementRequest) signing.Request {
	r := signing.Request{Key: req.GetKey(), Why: req.GetWhy()}
	for _, s := range req.GetSubjects() {
		r.Subjects = append(r.Subjects, attest.Subject{Name: s.GetName(), Digest: s.GetDigest()})
	}
	if req.GetPredicateType() != "" || len(req.GetPredicate()) > 0 {
		r.Predicate = &sign.Predicate{Type: req.GetPredicateType(), JSON: req.GetPredicate()}
		return r
	}
	if c := rpc.Entry(ctx); c != nil {
		r.Who = fmt.Sprintf("uid:%d", c.Actor.UID)
	}
	return r
}

func (s *signingService) Timestamp(ctx context.Context, req *stellav1.TimestampRequest) (*stellav1.TimestampResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	response, err := signs.Stamp(ctx, act(ctx), req.GetRequest())
	if response == nil {
		return nil, err
	}
	return &stellav1.TimestampResponse{Response: response}, nil // a rejection says why by itself
}

func (s *signingService) ExportTrust(context.Context, *stellav1.ExportTrustRequest) (*stellav1.ExportTrustResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	files, err := signs.Published()
	if err != nil {
		return nil, err
	}
	resp := &stellav1.ExportTrustResponse{}
	for _, f := range files {
		resp.Files = append(resp.Files, &stellav1.ExportTrustResponse_File{Name: f.Name, Content: f.Bytes})
	}
	return resp, nil
}
