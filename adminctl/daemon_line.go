package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"stellad/api"
	"stellad/internal/cli"
)

const (
	// patience is how long a daemon may take to speak: systemd takes calls for one that it is starting again.
	patience = 10 * time.Second
	// silence is the time after which a daemon that owes an answer is asked for a sign of life, and again until it is
	// given up. The daemon closes connections that ask more often than each 5 s.
	silence = 10 * time.Second
	// maxAnswer is the largest answer: a verdict may have the whole of a 4 MiB document's statement in it.
	maxAnswer = 64 << 20
)

var (
	// errNoDaemon is wrapped where nobody answered: there is no word of a daemon to go by.
	errNoDaemon = errors.New("no daemon answers")
	// errNoEntry is wrapped, beside errNoDaemon, where a socket could not be connected to: another one may be.
	errNoEntry = errors.New("no entry")
)

// A line is an open connection to one socket.
type line struct {
	conn *grpc.ClientConn
	path string
}

// open connects to the socket at path and waits until the daemon speaks. An error exits 6, or is ctx's own.
func open(ctx context.Context, path string) (*line, error) {
	waiting, stop := context.WithTimeoutCause(ctx, patience,
		unreachable(path, fmt.Sprintf("it took the connection and said nothing for %v", patience)))
	defer stop()
	waiting, fail := context.WithCancelCause(waiting)
	defer fail(nil)
	conn, err := grpc.NewClient("passthrough:///"+filepath.Base(path), append(options(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
			if err != nil && !errors.Is(err, syscall.EAGAIN) { // EAGAIN: many are waiting, and there is one to wait for
				fail(&noEntry{refusal(path, err)})
			}
			return conn, err
		}))...)
	if err != nil {
		return nil, err
	}
	if err := ready(waiting, conn); err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err() // and not its cause, which names the signal
		}
		return nil, err
	}
	return &line{conn, path}, nil
}

// options leave gRPC nothing to look up: no name, no proxy of the environment's, no service configuration.
func options() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()), // the kernel is between the two ends, and nobody else
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: .2, MaxDelay: time.Second},
			MinConnectTimeout: patience,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: silence, Timeout: silence}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
	}
}

// ready waits until the other end speaks. A connection that is taken and closed, as by a daemon that is just stopping,
// is tried again.
func ready(ctx context.Context, conn *grpc.ClientConn) error {
	for {
		conn.Connect()
		state := conn.GetState()
		if state == connectivity.Ready {
			return nil
		}
		if !conn.WaitForStateChange(ctx, state) {
			return context.Cause(ctx)
		}
	}
}

// noEntry is an error that wraps errNoEntry too, and says nothing of it.
type noEntry struct{ error }

func (e *noEntry) Unwrap() []error { return []error{e.error, errNoEntry} }

// refusal is the error of a socket that could not be connected to.
func refusal(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return forbidden(path, why(path, err))
	}
	return unreachable(path, why(path, err))
}

// forbidden is an unreachable daemon that is there, for others.
func forbidden(path, reason string) error {
	return cli.Exit(cli.StatusForbidden, unreachable(path, reason))
}

func unreachable(path, reason string) error {
	return cli.Exit(cli.StatusUnreachable, fmt.Errorf("%w at %s: %s", errNoDaemon, path, reason))
}

// groups are who may connect to a socket of a packaged daemon, beside root: systemd/*.socket sets it so.
var groups = map[string]string{
	filepath.Join(defaultRun, api.AdminSocket+".sock"):  "stella-admin",
	filepath.Join(defaultRun, api.VerifySocket+".sock"): "stella",
}

// why says in a few words why a socket could not be connected to, and what to look at.
func why(path string, err error) string {
	var op *net.OpError
	group, packaged := groups[path]
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file; is stellad running?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; is stellad running?"
	case errors.Is(err, fs.ErrPermission) && packaged:
		return "permission denied: only root and group " + group + " may connect"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied: the socket's owner and mode say who may connect"
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return err.Error()
}
