package server

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"stellad/hsm"
	"stellad/hsm/hsmpb"
)

// Limits on what the one client, stellad, can ask for. gRPC's own defaults have hardly any.
const (
	maxConnections = 16 // stellad has one; its next process and a doctor's have others
	maxStreams     = 64 // of a connection: calls, and streams of signatures
	maxHeaders     = 8 << 10
	maxSigning     = 256 // signatures asked for and not yet answered, of a stream

	handshakeTime = 5 * time.Second
	silence       = 10 * time.Second // after which a connection is asked for a sign of life
)

// Longest that a call may take, whatever its caller says.
const (
	callLimit     = 10 * time.Second
	generateLimit = 2 * time.Minute
)

// A Server is the gRPC server of hsm.sock.
type Server struct {
	*grpc.Server
	service *service
}

// New makes a server over a back end, for clients of one user.
func New(b Backend, uid uint32) *Server {
	service := &service{backend: b}
	s := grpc.NewServer(
		grpc.Creds(&gate{uid: uid, free: make(chan struct{}, maxConnections)}),
		grpc.UnaryInterceptor(service.limited),
		grpc.MaxRecvMsgSize(hsmpb.MaxMessage), grpc.MaxSendMsgSize(hsmpb.MaxMessage),
		grpc.MaxHeaderListSize(maxHeaders), grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshakeTime),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: silence, Timeout: silence}),
	)
	hsmpb.RegisterHSMServiceServer(s, service)
	return &Server{s, service}
}

// flushing is how long answers may take to leave after the last call has ended.
const flushing = 250 * time.Millisecond

// End stops the server: no new calls, a while for those under way, then they are cut off. gRPC's own graceful stop waits
// for streams of signatures, which are open always: what it is for here are the answers of calls that have ended.
func (s *Server) End(grace time.Duration) {
	flushed := make(chan struct{})
	go func() { s.GracefulStop(); close(flushed) }()
	select {
	case <-s.service.calls.end():
	case <-time.After(grace):
	}
	select {
	case <-flushed:
	case <-time.After(flushing):
	}
	s.Stop()
}

// limited ends a unary call in time, and turns its error into one of the wire.
func (s *service) limited(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	limit := callLimit
	if info.FullMethod == hsmpb.HSMService_GenerateKey_FullMethodName {
		limit = generateLimit
	}
	if !s.calls.enter() {
		return nil, hsm.ToWire(errEnding)
	}
	defer s.calls.leave()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	res, err := guarded(func() (any, error) { return next(ctx, req) })
	if err != nil {
		return nil, hsm.ToWire(err)
	}
	return res, nil
}

// guarded turns a panic into an error: one call's fault is not the others' end.
func guarded[T any](call func() (T, error)) (value T, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			slog.Error("a fault in this program, please report it", "fault", fault, "stack", string(debug.Stack()))
			err = fmt.Errorf("a fault in stellad-hsm, of which its log has more: %v", fault)
		}
	}()
	return call()
}
