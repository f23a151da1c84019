package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"stellad/api"
)

// addSocketFlag gives cmd the flag --socket, whose value it keeps in socket: the argument of daemonAt.
func addSocketFlag(cmd *cobra.Command, socket *string) {
	cmd.Flags().StringVar(socket, "socket", "", "call the daemon at this `path`; default, below $STELLA_DIR/run or else "+
		defaultRun+", the socket that has the method")
}

const defaultRun = "/run/stella"

// A daemon is what the client calls: generated clients are made of it as of a connection, and it finds, for each method,
// a socket that has it. An error of a call exits by exits, its text is one line, and where nobody answered it wraps
// errNoDaemon. It may be used concurrently.
type daemon struct {
	only string // the one socket to call, where the user named it
	run  string // the folder of the sockets, where not

	mu    sync.Mutex // held while a line is being opened, so that there is one to each socket
	lines map[string]*line
}

var _ grpc.ClientConnInterface = (*daemon)(nil)

// daemonAt is the daemon at one socket or, where that is "", the one that the environment says. Nothing is opened before
// the first call, and what is open ends with the program.
func daemonAt(socket string) *daemon {
	d := &daemon{only: socket, run: defaultRun, lines: map[string]*line{}}
	if dir := os.Getenv(trialEnv); dir != "" {
		d.run = filepath.Join(dir, "run")
	}
	return d
}

// Invoke makes a call of one request and one answer.
func (d *daemon) Invoke(ctx context.Context, method string, req, resp any, opts ...grpc.CallOption) error {
	l, err := d.reach(ctx, method)
	if err != nil {
		return err
	}
	return l.meant(ctx, l.conn.Invoke(ctx, method, req, resp, opts...))
}

// NewStream begins a call of streams.
func (d *daemon) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	l, err := d.reach(ctx, method)
	if err != nil {
		return nil, err
	}
	stream, err := l.conn.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, l.meant(ctx, err)
	}
	return &plainStream{stream, l, ctx}, nil
}

// reach opens a line to the first socket that has the method and lets the caller in.
func (d *daemon) reach(ctx context.Context, method string) (*line, error) {
	sockets, err := d.sockets(method)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var first error // of the socket that is meant for the caller
	for _, path := range sockets {
		l, err := d.line(ctx, path)
		if err == nil {
			return l, nil
		}
		if first == nil {
			first = err
		}
		if !errors.Is(err, errNoEntry) {
			break
		}
	}
	return nil, first
}

// sockets are the paths of those that have the method. verify.sock comes first: most callers have it alone. An
// administrator need not be let in there, and takes admin.sock.
func (d *daemon) sockets(method string) ([]string, error) {
	if d.only != "" {
		return []string{d.only}, nil
	}
	all, err := api.Methods()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(m api.Method) bool { return m.Name == method })
	if at < 0 {
		return nil, fmt.Errorf("the API has no method %s", method)
	}
	var paths []string
	for _, name := range []string{api.VerifySocket, api.AdminSocket} {
		if slices.Contains(all[at].Sockets, name) {
			paths = append(paths, filepath.Join(d.run, name+".sock"))
		}
	}
	return paths, nil
}

// line returns the open line to a socket, or opens it.
func (d *daemon) line(ctx context.Context, path string) (*line, error) {
	if l := d.lines[path]; l != nil {
		return l, nil
	}
	l, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	d.lines[path] = l
	return l, nil
}
