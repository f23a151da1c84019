package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"stellad/access"
	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/ledger"
	"stellad/daemon/rpc"
	"stellad/internal/socket"
)

const secret = "the PIN is 1234"

// faulty fails in the ways that a handler can.
type faulty struct {
	healthpb.UnimplementedHealthServer
	entered chan struct{}
}

func (faulty) Check(_ context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	switch req.GetService() {
	case "panic":
		panic(secret)
	case "error":
		return nil, errors.New(secret)
	}
	return &healthpb.HealthCheckResponse{}, nil
}

func (f faulty) Watch(req *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	switch req.GetService() {
	case "panic":
		panic(secret)
	case "error":
		return errors.New(secret)
	}
	close(f.entered)
	<-stream.Context().Done()
	return stream.Context().Err()
}

// served is a server of verify.sock whose health service is faulty.
type served struct {
	*rpc.Server
	health  healthpb.HealthClient
	conn    *grpc.ClientConn
	log     *bytes.Buffer // to be read when the server has ended
	entered chan struct{}
}

func serve(t *testing.T, policy *access.Policy, initialised bool) *served {
	t.Helper()
	methods, err := api.Methods()
	if err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	s := &served{log: log, entered: make(chan struct{}), Server: rpc.NewServer(&rpc.Guard{
		Socket: api.VerifySocket, Methods: rpc.MethodsOf(api.VerifySocket, methods),
		Policy:      func() *access.Policy { return policy },
		Initialised: func() bool { return initialised },
		Ledger:      func() *ledger.Ledger { return nil },
		Log:         slog.New(slog.NewTextHandler(log, nil)),
		Metrics:     rpc.NewMetrics(prometheus.NewRegistry()),
	}, 64)}
	healthpb.RegisterHealthServer(s, faulty{entered: s.entered})
	name := filepath.Join(t.TempDir(), "s")
	l, err := socket.Make(name)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	s.conn, err = grpc.NewClient("unix:"+name, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	s.health = healthpb.NewHealthClient(s.conn)
	t.Cleanup(func() { _ = s.conn.Close(); s.Stop() })
	return s
}

// anyone lets everybody call what is anyone's, and nothing else.
var anyone = &access.Policy{}

func opened(t *testing.T) *access.Policy {
	t.Helper()
	p, err := access.Parse("access.toml", []byte("version = 1\n[roles]\nreader = [\"health:read\"]\n[users]\nroot = [\"reader\"]\n"),
		access.Catalog{{Permission: access.Permission{Resource: "health", Verb: "read"}, Anyone: true}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFaultsAreRedacted: whatever goes wrong inside, a client is told an ID, and the log what that is of.
func TestFaultsAreRedacted(t *testing.T) {
	s := serve(t, opened(t), true)
	for _, how := range []string{"panic", "error"} {
		_, unary := s.health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: how})
		stream, err := s.health.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: how})
		if err != nil {
			t.Fatal(err)
		}
		_, streamed := stream.Recv()
		for _, err := range []error{unary, streamed} {
			told := status.Convert(err)
			if told.Code() != codes.Internal || api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_INTERNAL {
				t.Errorf("%s: %v", how, err)
			}
			_, id, found := strings.Cut(told.Message(), "request ID ")
			if strings.Contains(told.Message(), secret) || !found || id == "" {
				t.Errorf("%s is told as %q", how, told.Message())
			}
		}
	}
	if _, err := s.health.Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
		t.Errorf("after a panic: %v", err)
	}
	s.Stop()
	if got := strings.Count(s.log.String(), secret); got < 4 {
		t.Errorf("the log has %d of 4 faults:\n%s", got, s.log)
	}
}

// TestNobodysPolicy: a policy that says nothing permits nothing.
func TestNobodysPolicy(t *testing.T) {
	s := serve(t, anyone, true)
	_, err := s.health.Check(t.Context(), &healthpb.HealthCheckRequest{})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("got %v", err)
	}
}

// TestUnregistered: a method that the socket should have and that nobody registered is found before the start.
func TestUnregistered(t *testing.T) {
	s := serve(t, anyone, true)
	err := s.CheckComplete()
	if err == nil || !strings.Contains(err.Error(), "/stella.v1.VerifyService/Verify") || strings.Contains(err.Error(), "Health/Check") {
		t.Errorf("got %v", err)
	}
}

// TestOverload: a user with its share of calls under way is told so, at once, and gets in again when one has ended.
func TestOverload(t *testing.T) {
	s := serve(t, opened(t), true)
	ctx, end := context.WithCancel(t.Context())
	streams := 0
	for {
		conn, err := grpc.NewClient(s.conn.Target(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var refused error
		for range 32 {
			if refused = hang(ctx, conn); refused != nil {
				break
			}
			streams++
		}
		if refused != nil {
			if api.Reason(refused) != stellav1.ErrorReason_ERROR_REASON_OVERLOADED || status.Code(refused) != codes.ResourceExhausted {
				t.Errorf("call %d: %v", streams+1, refused)
			}
			break
		}
		if streams > 1000 {
			t.Fatal("no end of calls")
		}
	}
	if _, calls := s.Held(); calls != streams || streams != 64 {
		t.Errorf("%d calls under way, %d were let in, want 64", calls, streams)
	}
	end()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := s.health.Check(t.Context(), &healthpb.HealthCheckRequest{}); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the share does not come back")
		}
	}
}

// hang begins a stream that sends nothing, and returns an error where it is not let in.
func hang(ctx context.Context, conn *grpc.ClientConn) error {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, healthpb.Health_Watch_FullMethodName)
	if err != nil {
		return err
	}
	refused := make(chan error, 1)
	go func() { refused <- stream.RecvMsg(&healthpb.HealthCheckResponse{}) }()
	select {
	case err := <-refused:
		return err
	case <-time.After(30 * time.Millisecond): // it waits for a message that does not come
		return nil
	}
}

// TestEndIsBounded: a call that does not end is cut off when the grace is over.
func TestEndIsBounded(t *testing.T) {
	s := serve(t, opened(t), true)
	stream, err := s.health.Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	<-s.entered
	ended := make(chan struct{})
	go func() { s.End(50 * time.Millisecond); close(ended) }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it never ends")
	}
	if _, err := stream.Recv(); err == nil {
		t.Error("the stream goes on")
	}
}
