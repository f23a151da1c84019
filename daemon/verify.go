package daemon

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/ledger"
	"stellad/daemon/rpc"
	"stellad/daemon/verdicts"
)

type verifyService struct {
	stellav1.UnimplementedVerifyServiceServer
	judge  *verdicts.Judge
	ledger func() *ledger.Ledger // nil before genesis
}

func (s *verifyService) Verify(ctx context.Context, req *stellav1.VerifyRequest) (*stellav1.VerifyResponse, error) {
	q, err := questionOf(req)
	if err != nil {
		return nil, err
	}
	a, err := s.judge.Ask(ctx, rpc.Actor(ctx).UID, q)
	if err != nil {
		return nil, err
	}
	s.count(ctx, a.Verified)
	resp := &stellav1.VerifyResponse{
		Verified: a.Verified, Reason: a.Reason, Signer: a.Signer, PredicateType: a.PredicateType,
		TrustSha256: a.Trust, Cached: a.Cached,
	}
	if a.Cached {
		resp.Age = durationpb.New(a.Age)
	}
	if req.GetExplain() {
		resp.VerdictJson = a.JSON
	}
	return resp, nil
}

// count has a verdict in the minute's tally. It never waits.
func (s *verifyService) count(ctx context.Context, verified bool) {
	l := s.ledger()
	if l == nil {
		return
	}
	verdict := "refused"
	if verified {
		verdict = "verified"
	}
	l.Answered(rpc.Entry(ctx), verdict)
}

// VerifyStream judges one document at a time: a client that wants more of the cores opens more streams.
func (s *verifyService) VerifyStream(stream grpc.BidiStreamingServer[stellav1.VerifyStreamRequest, stellav1.VerifyStreamResponse]) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(s.answer(stream.Context(), req.GetRequest())); err != nil {
			return err
		}
	}
}

// answer never fails: a document's problem is its own.
func (s *verifyService) answer(ctx context.Context, req *stellav1.VerifyRequest) *stellav1.VerifyStreamResponse {
	resp, err := s.Verify(ctx, req)
	if err == nil {
		return &stellav1.VerifyStreamResponse{Answer: &stellav1.VerifyStreamResponse_Response{Response: resp}}
	}
	told := rpc.Told(ctx, err)
	return &stellav1.VerifyStreamResponse{Answer: &stellav1.VerifyStreamResponse_Problem{Problem: &stellav1.Problem{
		Reason: api.ReasonName(api.Reason(told)), Message: status.Convert(told).Message(),
	}}}
}
