package rpc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/tap"

	"stellad/access"
	"stellad/api"
	"stellad/daemon/fair"
	"stellad/daemon/peer"
)

// Limits on what one client can ask for. gRPC's own defaults have none on streams, 16 MiB of headers, two minutes for
// a handshake and no end of connections.
const (
	maxHeaders = 8 << 10
	maxStreams = 32 // of a connection; a client's further calls wait at the client

	handshakeTime = 5 * time.Second
	wholeCall     = 30 * time.Second // from its headers to its answer, where it is no stream
	silence       = 10 * time.Second // after which a connection is asked for a sign of life, and again until it is closed
	idleTime      = 5 * time.Minute  // after which a connection without a call is closed; clients open another by themselves

	maxCalls     = 256 // under way on a socket
	maxCallsEach = 64  // of one user
	window       = 64 << 10
)

// A Server is the gRPC server of one socket.
type Server struct {
	*grpc.Server
	guard       *Guard
	connections *fair.Shares
	calls       *fair.Shares
}

// NewServer makes a server of at most so many connections. Services are registered by the caller: a method that is not
// for the guard's socket is nobody's, and should not be there at all (Register).
func NewServer(guard *Guard, connections int) *Server {
	s := &Server{
		guard:       guard,
		connections: fair.NewShares(connections, max(1, connections/4)),
		calls:       fair.NewShares(maxCalls, maxCallsEach),
	}
	s.Server = grpc.NewServer(
		grpc.Creds(peer.Credentials{Admit: s.admitConnection}),
		grpc.InTapHandle(s.admitCall),
		grpc.UnaryInterceptor(guard.Unary),
		grpc.StreamInterceptor(guard.Stream),
		grpc.MaxRecvMsgSize(api.MaxRequest),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshakeTime),
		grpc.StaticStreamWindowSize(window), // what waits unread is bounded; loopback has no delay to fill
		grpc.StaticConnWindowSize(4*window),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTime, Time: silence, Timeout: silence}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: silence / 2, PermitWithoutStream: true}),
	)
	return s
}

// admitConnection gives the connection a place in its user's share.
func (s *Server) admitConnection(a access.Actor) (release func(), err error) {
	if !s.connections.Take(a.UID) {
		s.guard.Metrics.refused.WithLabelValues(s.guard.Socket).Inc()
		return nil, errors.New("its user's share of connections is taken")
	}
	return func() { s.connections.Give(a.UID) }, nil
}

// admitCall gives the call a place in its user's share, before a byte of its request is kept, and has it end in time:
// half a request holds its place no longer. It runs between a connection's frames, so it never waits.
func (s *Server) admitCall(ctx context.Context, info *tap.Info) (context.Context, error) {
	actor, known := peer.From(ctx)
	if !known {
		told, _ := StatusOf(ErrNoPeer, "")
		return ctx, told
	}
	if !s.calls.Take(actor.UID) {
		s.guard.Metrics.overload.WithLabelValues(s.guard.Socket).Inc()
		told, _ := StatusOf(ErrOverloaded, "")
		return ctx, told
	}
	if s.guard.Methods[info.FullMethodName].Stream {
		context.AfterFunc(ctx, func() { s.calls.Give(actor.UID) })
		return ctx, nil
	}
	ctx, cancel := context.WithTimeout(ctx, wholeCall)
	context.AfterFunc(ctx, func() { cancel(); s.calls.Give(actor.UID) })
	return ctx, nil
}

// Held returns how many connections and calls the server has.
func (s *Server) Held() (connections, calls int) { return s.connections.Held(), s.calls.Held() }

// End stops the server: calls under way may end for as long as grace, and are cut off then.
func (s *Server) End(grace time.Duration) {
	cut := time.AfterFunc(grace, s.Stop)
	defer cut.Stop()
	s.GracefulStop()
}

// MethodsOf returns the methods of one socket, by name.
func MethodsOf(socket string, all []api.Method) map[string]api.Method {
	methods := map[string]api.Method{}
	for _, m := range all {
		for _, s := range m.Sockets {
			if s == socket {
				methods[m.Name] = m
			}
		}
	}
	return methods
}
