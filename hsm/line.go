package hsm

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"google.golang.org/grpc"

	"stellad/hsm/hsmpb"
)

// A line carries calls for signatures over one stream, which is opened with the first and again when it was lost.
// gRPC's cost of a call is about that of a signature; of a message on a stream it is a fraction, and calls that wait
// share one.
type line struct {
	rpc hsmpb.HSMServiceClient

	mu      sync.Mutex
	current *stream // may be opening, or at its end
	closed  bool
}

// stream is one stream. Its calls are answered, or it ends, which answers them all.
type stream struct {
	calls chan *hsmpb.SignRequest_Call
	ended chan struct{} // closed with err set
	err   error
	stop  context.CancelFunc

	mu      sync.Mutex
	last    uint64                                     // number given out
	waiting map[uint64]chan *hsmpb.SignResponse_Answer // by number; each has room for its answer
}

var errClosed = errors.New("the client was closed")

// sign has a call answered by ctx's deadline.
func (l *line) sign(ctx context.Context, c *hsmpb.SignRequest_Call) ([]byte, error) {
	s := l.stream()
	answer := s.enter(c)
	defer s.leave(c.GetNumber())
	if until, set := ctx.Deadline(); set {
		c.Nanoseconds = int64(time.Until(until))
	}
	select {
	case s.calls <- c:
	case <-s.ended:
		return nil, fromWire(ctx, s.err)
	case <-ctx.Done():
		return nil, noAnswer(ctx)
	}
	select {
	case a := <-answer:
		if a.GetReason() != "" {
			return nil, ofReason(a.GetReason(), a.GetMessage())
		}
		return a.GetSignature(), nil
	case <-s.ended:
		return nil, fromWire(ctx, s.err)
	case <-ctx.Done():
		return nil, noAnswer(ctx)
	}
}

// stream returns the one that is open, or opens one.
func (l *line) stream() *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && (l.closed || !l.current.over()) {
		return l.current
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &stream{
		calls: make(chan *hsmpb.SignRequest_Call), ended: make(chan struct{}), stop: stop,
		waiting: map[uint64]chan *hsmpb.SignResponse_Answer{},
	}
	l.current = s
	if l.closed {
		s.end(errClosed)
		return s
	}
	go s.run(ctx, l.rpc)
	return s
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.current != nil {
		l.current.stop()
	}
}

func (s *stream) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

func (s *stream) end(err error) {
	s.err = err
	s.stop()
	close(s.ended)
}

func (s *stream) enter(c *hsmpb.SignRequest_Call) <-chan *hsmpb.SignResponse_Answer {
	answer := make(chan *hsmpb.SignResponse_Answer, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	c.Number = s.last
	s.waiting[c.Number] = answer
	return answer
}

func (s *stream) leave(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, number)
}

// run opens the stream and serves it until it ends.
func (s *stream) run(ctx context.Context, rpc hsmpb.HSMServiceClient) {
	wire, err := rpc.Sign(ctx)
	if err != nil {
		s.end(err)
		return
	}
	var sending sync.WaitGroup
	sending.Go(func() { s.send(ctx, wire) })
	err = s.receive(wire)
	s.stop()
	sending.Wait()
	s.end(err)
}

// How many calls share a message, and how many bytes their inputs have before another is begun: below hsmpb.MaxMessage.
const (
	maxBatch = 64
	maxInput = hsmpb.MaxMessage / 2
)

// send puts what calls are there into one message.
func (s *stream) send(ctx context.Context, wire grpc.ClientStream) {
	for {
		batch, size := &hsmpb.SignRequest{}, 0
		select {
		case c := <-s.calls:
			batch.Calls, size = append(batch.Calls, c), len(c.GetInput())
		case <-ctx.Done():
			return
		}
		runtime.Gosched() // who is about to call gets into this message: a message costs more than a call
		for more := true; more && len(batch.Calls) < maxBatch && size < maxInput; {
			select {
			case c := <-s.calls:
				batch.Calls, size = append(batch.Calls, c), size+len(c.GetInput())
			default:
				more = false
			}
		}
		if wire.SendMsg(batch) != nil { // receive has the reason
			return
		}
	}
}

func (s *stream) receive(wire grpc.BidiStreamingClient[hsmpb.SignRequest, hsmpb.SignResponse]) error {
	for {
		res, err := wire.Recv()
		if err != nil {
			return err
		}
		s.mu.Lock()
		for _, a := range res.GetAnswers() {
			if to, ok := s.waiting[a.GetNumber()]; ok {
				delete(s.waiting, a.GetNumber())
				to <- a
			}
		}
		s.mu.Unlock()
	}
}
