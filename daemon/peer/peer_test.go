package peer_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	grpcpeer "google.golang.org/grpc/peer"

	"stellad/access"
	"stellad/daemon/peer"
)

// TestRelease: a place is given back once, when the connection is closed and not before, however often that is.
func TestRelease(t *testing.T) {
	var released atomic.Int64
	c := peer.Credentials{Admit: func(a access.Actor) (func(), error) {
		if !same(a, own(t)) {
			t.Errorf("asked about %+v", a)
		}
		return func() { released.Add(1) }, nil
	}}
	conn, auth, err := c.ServerHandshake(accepted(t, listen(t), dialSelf(t)))
	must(t, err)
	if auth.AuthType() != "unix-peer" || released.Load() != 0 {
		t.Errorf("%s, released %d times before the end", auth.AuthType(), released.Load())
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _ = conn.Close() })
	}
	all.Wait()
	if n := released.Load(); n != 1 {
		t.Errorf("released %d times", n)
	}
}

// unread fails the test when it is read or written.
type unread struct {
	*net.UnixConn
	t testing.TB
}

func (u unread) Read([]byte) (int, error) { u.t.Error("it was read"); return 0, errors.New("read") }

func (u unread) Write([]byte) (int, error) {
	u.t.Error("it was written")
	return 0, errors.New("written")
}

func TestRefused(t *testing.T) {
	conn := unread{accepted(t, listen(t), dialSelf(t)).(*net.UnixConn), t}
	full := errors.New("full")
	got, auth, err := peer.Credentials{Admit: func(access.Actor) (func(), error) { return nil, full }}.ServerHandshake(conn)
	if got != nil || auth != nil || !errors.Is(err, full) || !strings.Contains(err.Error(), "connection of uid ") {
		t.Errorf("%v %v %v", got, auth, err)
	}
}

func TestRefusedNobody(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	_, _, err := peer.Credentials{Admit: func(access.Actor) (func(), error) {
		t.Error("one whom the kernel does not know was asked about")
		return func() {}, nil
	}}.ServerHandshake(a)
	if err == nil {
		t.Error("what is no socket was taken")
	}
}

// TestServersOnly: they say nothing about a server to a client.
func TestServersOnly(t *testing.T) {
	conn := accepted(t, listen(t), dialSelf(t))
	if _, _, err := (peer.Credentials{}).ClientHandshake(t.Context(), "", conn); err == nil {
		t.Error("a client shook hands with them")
	}
}

// TestFromOthers: an actor comes from these credentials alone.
func TestFromOthers(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"no call":           t.Context(),
		"no credentials":    grpcpeer.NewContext(t.Context(), &grpcpeer.Peer{}),
		"other credentials": grpcpeer.NewContext(t.Context(), &grpcpeer.Peer{AuthInfo: credentials.TLSInfo{}}),
	} {
		if a, ok := peer.From(ctx); ok {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// served runs a gRPC server whose calls answer through handle.
func served(t testing.TB, c peer.Credentials, handle func(context.Context)) healthpb.HealthClient {
	t.Helper()
	l := listen(t)
	s := grpc.NewServer(grpc.Creds(c), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			handle(ctx)
			return next(ctx, req)
		}))
	healthpb.RegisterHealthServer(s, health.NewServer())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	client, err := grpc.NewClient("unix:"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() {
		_ = client.Close()
		s.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return healthpb.NewHealthClient(client)
}

func TestCall(t *testing.T) {
	released := make(chan struct{}, 2)
	var got access.Actor
	var known bool
	t.Run("call", func(t *testing.T) {
		client := served(t, peer.Credentials{Admit: func(access.Actor) (func(), error) {
			return func() { released <- struct{}{} }, nil
		}}, func(ctx context.Context) { got, known = peer.From(ctx) })
		if _, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Error(err)
		}
	})
	if want := own(t); !known || !same(got, want) {
		t.Errorf("%+v %v, want %+v", got, known, want)
	}
	<-released
	if len(released) > 0 {
		t.Error("one connection was released twice")
	}
}

func TestCallRefused(t *testing.T) {
	client := served(t, peer.Credentials{Admit: func(access.Actor) (func(), error) {
		return nil, errors.New("full")
	}}, func(context.Context) { t.Error("a handler ran for one who was not admitted") })
	if _, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{}); err == nil {
		t.Error("a call went through")
	}
}
