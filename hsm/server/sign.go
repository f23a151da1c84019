package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"stellad/hsm"
	"stellad/hsm/hsmpb"
)

// signLimit is the longest that a signature may take, whatever its caller says.
const signLimit = 10 * time.Second

// A signer serves one stream of signatures.
type signer struct {
	*service
	answers chan *hsmpb.SignResponse_Answer // has room for all calls under way
	places  chan struct{}                   // one for each of them
}

// Sign is of the contract. It returns when the caller is done and all calls are answered, or when either side is gone.
func (s *service) Sign(wire grpc.BidiStreamingServer[hsmpb.SignRequest, hsmpb.SignResponse]) error {
	g := &signer{
		service: s,
		answers: make(chan *hsmpb.SignResponse_Answer, maxSigning), places: make(chan struct{}, maxSigning),
	}
	ctx, cancel := context.WithCancel(wire.Context())
	defer cancel()
	sent := make(chan error, 1)
	go func() { err := g.send(wire); cancel(); sent <- err }()
	var calls sync.WaitGroup
	err := g.receive(ctx, wire, &calls)
	calls.Wait() // each ends by its deadline, or soon after ctx
	close(g.answers)
	return errors.Join(err, <-sent)
}

func (g *signer) receive(ctx context.Context, wire grpc.BidiStreamingServer[hsmpb.SignRequest, hsmpb.SignResponse], calls *sync.WaitGroup) error {
	for {
		batch, err := wire.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, c := range batch.GetCalls() {
			select {
			case g.places <- struct{}{}: // what is beyond them waits unread
			case <-ctx.Done():
				return ctx.Err()
			}
			calls.Go(func() { g.answers <- g.answer(ctx, c) })
		}
	}
}

// answer has the back end sign.
func (g *signer) answer(ctx context.Context, c *hsmpb.SignRequest_Call) *hsmpb.SignResponse_Answer {
	limit := time.Duration(c.GetNanoseconds())
	if limit <= 0 || limit > signLimit {
		limit = signLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	signature, err := guarded(func() ([]byte, error) {
		if !g.calls.enter() {
			return nil, errEnding
		}
		defer g.calls.leave()
		hash, err := hsm.HashOf(c.GetHash())
		if err != nil {
			return nil, err
		}
		return g.backend.Sign(ctx, hsm.Signing{Key: hsm.ReferenceOf(c.GetKey()), Input: c.GetInput(), Hash: hash})
	})
	a := &hsmpb.SignResponse_Answer{Number: c.GetNumber(), Signature: signature}
	if err == nil && len(signature) == 0 {
		err = fmt.Errorf("%w: it gave an empty signature", hsm.ErrMechanism)
	}
	if err != nil {
		a.Signature, a.Reason, a.Message = nil, hsm.ReasonOf(err), message(err)
	}
	return a
}

// send puts what answers are there into one message.
func (g *signer) send(wire grpc.ServerStream) error {
	for a := range g.answers {
		res := &hsmpb.SignResponse{Answers: []*hsmpb.SignResponse_Answer{a}}
		<-g.places
		runtime.Gosched() // who is about to answer gets into this message
		for more := true; more && len(res.Answers) < maxSigning; {
			select {
			case a, more = <-g.answers:
				if more {
					res.Answers = append(res.Answers, a)
					<-g.places
				}
			default:
				more = false
			}
		}
		if err := wire.SendMsg(res); err != nil {
			return err
		}
	}
	return nil
}

// message is an error's text as a message can carry it.
func message(err error) string { return strings.ToValidUTF8(err.Error(), "\uFFFD") }
