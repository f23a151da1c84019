package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"stellad/access"
	"stellad/api"
	"stellad/daemon/ledger"
	"stellad/daemon/peer"
)

// A Guard stands before every handler of one socket.
type Guard struct {
	Socket      string
	Methods     map[string]api.Method // by name; the socket's alone
	Policy      func() *access.Policy
	Initialised func() bool
	Ledger      func() *ledger.Ledger // nil before genesis
	Log         *slog.Logger
	Metrics     *Metrics
}

// Unary guards a call of one request and one answer.
func (g *Guard) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	c := g.begin(ctx, info.FullMethod)
	defer func() { err = g.end(ctx, c, err, recover()) }()
	if ctx, err = g.admit(ctx, c); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

// Stream guards a call of streams.
func (g *Guard) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	c := g.begin(stream.Context(), info.FullMethod)
	defer func() { err = g.end(stream.Context(), c, err, recover()) }()
	ctx, err := g.admit(stream.Context(), c)
	if err != nil {
		return err
	}
	return handler(srv, &guardedStream{stream, ctx})
}

// guardedStream is a stream whose context knows the actor.
type guardedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *guardedStream) Context() context.Context { return s.ctx }

func (g *Guard) begin(ctx context.Context, method string) *call {
	actor, _ := peer.From(ctx)
	return &call{guard: g, number: calls.Add(1), method: g.Methods[method], actor: actor, start: time.Now()}
}

// admit lets the call go on to its handler, or says why not. A method that is not in the table is nobody's.
func (g *Guard) admit(ctx context.Context, c *call) (context.Context, error) {
	actor, known := peer.From(ctx)
	switch {
	case !known:
		return ctx, ErrNoPeer
	case c.method.Name == "":
		return ctx, fmt.Errorf("%w: no such method on this socket", access.ErrDenied)
	case !c.method.BeforeGenesis && !g.Initialised():
		return ctx, ErrNotInitialised
	}
	want := access.Permission{Resource: c.method.Resource, Verb: c.method.Verb}
	if policy := g.Policy(); !policy.Allows(actor, want) {
		return ctx, g.denied(ctx, c, want, policy.Decide(actor, want))
	}
	return context.WithValue(ctx, callKey{}, c), nil
}

// denied writes a denial down before it is told. Where that fails the denial stands all the same.
func (g *Guard) denied(ctx context.Context, c *call, want access.Permission, d access.Decision) error {
	if l := g.Ledger(); l != nil {
		// The client's going away is no reason not to write it.
		if err := l.Denied(context.WithoutCancel(ctx), c.entry(), want, d.Reason); err != nil {
			g.log(ctx, slog.LevelError, c, codes.PermissionDenied, fmt.Errorf("a denial is not recorded: %w", err))
		}
	}
	return d.Err()
}

// end turns what the handler left into what the client is told, and writes it down.
func (g *Guard) end(ctx context.Context, c *call, err error, panicked any) error {
	if panicked != nil {
		err = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
	}
	told := err
	var fault bool
	if err != nil {
		told, fault = StatusOf(err, c.id())
	}
	code := status.Code(told)
	g.Metrics.called(c.method.Name, code, time.Since(c.start))
	if level := levelOf(code, fault, g.Socket); g.Log.Enabled(ctx, level) {
		g.log(ctx, level, c, code, err)
	}
	return told
}

func (g *Guard) log(ctx context.Context, level slog.Level, c *call, code codes.Code, err error) {
	attrs := []slog.Attr{
		slog.String("request_id", c.id()), slog.String("method", c.method.Name), slog.Uint64("uid", uint64(c.actor.UID)),
		slog.String("socket", g.Socket), slog.String("code", code.String()), slog.Duration("took", time.Since(c.start)),
	}
	// Those two quote the request: what is no form of it, and a name that is nobody's. Its sender was told.
	if err != nil && code != codes.InvalidArgument && code != codes.NotFound {
		attrs = append(attrs, slog.Any("error", err))
	}
	g.Log.LogAttrs(ctx, level, "call", attrs...)
}

// levelOf keeps the thousands of good calls a second out of the log, and every act of an administrator in it.
func levelOf(code codes.Code, fault bool, socket string) slog.Level {
	switch {
	case fault:
		return slog.LevelError
	case code == codes.PermissionDenied:
		return slog.LevelWarn
	case code != codes.OK, socket == api.AdminSocket:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
