package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

func TestSockets(t *testing.T) {
	const admin, verify = stellav1.StatusService_Status_FullMethodName, stellav1.VerifyService_Verify_FullMethodName
	for _, c := range []struct {
		only, dir, method string
		want              string
	}{
		{"", "", admin, "/run/stella/admin.sock"},
		{"", "", verify, "/run/stella/verify.sock /run/stella/admin.sock"},
		{"", "/tmp/d", admin, "/tmp/d/run/admin.sock"},
		{"", "/tmp/d", verify, "/tmp/d/run/verify.sock /tmp/d/run/admin.sock"},
		{"", "d", verify, "d/run/verify.sock d/run/admin.sock"},
		{"a.sock", "/tmp/d", verify, "a.sock"},
	} {
		t.Setenv("STELLA_DIR", c.dir)
		got, err := daemonAt(c.only).sockets(c.method)
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	if _, err := daemonAt("").sockets("/stella.v1.VerifyService/Absent"); err == nil {
		t.Error("a method that the API does not have has a socket")
	}
}

func TestOtherSocket(t *testing.T) {
	for _, c := range []struct{ serve, line, want string }{
		{"verify admin", "whoami", "alice"},
		{"admin", "whoami", "alice"},
		{"verify", "whoami", "alice"},
		{"verify", "status", "no daemon answers at DIR/admin.sock: no such file; is stellad running?"},
		{"", "whoami", "no daemon answers at DIR/verify.sock: no such file; is stellad running?"},
	} {
		t.Run(c.serve+" "+c.line, func(t *testing.T) {
			good().serve(t, strings.Fields(c.serve)...)
			run := filepath.Join(os.Getenv("STELLA_DIR"), "run")
			stdout, stderr, exit := adminctl(t, c.line)
			if c.want == "alice" {
				if exit != cli.StatusDone || !strings.Contains(string(stdout), c.want) {
					t.Errorf("exit %d, stdout %s, stderr %s", exit, stdout, stderr)
				}
				return
			}
			if want := "adminctl: " + strings.ReplaceAll(c.want, "DIR", run) + "\n"; exit != cli.StatusUnreachable || stderr != want {
				t.Errorf("exit %d, stderr %s; want %s", exit, stderr, want)
			}
		})
	}
}

// TestLeftSocket: a daemon that was killed leaves its sockets' names behind.
func TestLeftSocket(t *testing.T) {
	path := filepath.Join(shortDir(t), "admin.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, stderr, exit := adminctl(t, "status"); exit != cli.StatusUnreachable || !strings.HasSuffix(stderr, "connection refused; is stellad running?\n") {
		t.Errorf("exit %d, stderr %s", exit, stderr)
	}
}

func TestWhy(t *testing.T) {
	dial := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", errno)}
	}
	for _, c := range []struct {
		path string
		err  error
		want string
	}{
		{"/run/stella/admin.sock", dial(syscall.EACCES), "permission denied: only root and group stella-admin may connect"},
		{"/run/stella/verify.sock", dial(syscall.EACCES), "permission denied: only root and group stella may connect"},
		{"d/run/admin.sock", dial(syscall.EACCES), "permission denied: the socket's owner and mode say who may connect"},
		{"d", dial(syscall.EINVAL), "connect: invalid argument"},
		{"d", fs.ErrClosed, "file already closed"},
	} {
		if got := why(c.path, c.err); got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.path, c.err, got, c.want)
		}
	}
}

// TestRestart: a daemon that is just ending closes what it took, and systemd takes the next connection for the one that
// is still starting.
func TestRestart(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(shortDir(t), "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	stellav1.RegisterStatusServiceServer(s, good())
	t.Cleanup(s.Stop)
	go func() {
		if conn, err := l.Accept(); err == nil {
			_ = conn.Close()
		}
		time.Sleep(300 * time.Millisecond)
		_ = s.Serve(l)
	}()
	if _, stderr, exit := adminctl(t, "status"); exit != cli.StatusDone {
		t.Errorf("exit %d, stderr %s", exit, stderr)
	}
}

// TestWaitEnds: a daemon that says nothing is waited for, until the user has enough.
func TestWaitEnds(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(shortDir(t), "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, interrupt := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { interrupt(errors.New("signal")) })
	_, err = daemonAt("").reach(ctx, stellav1.StatusService_Status_FullMethodName)
	if ctx.Err() == nil || cli.StatusOf(err) != cli.StatusInterrupted {
		t.Errorf("%v exits %d", err, cli.StatusOf(err))
	}
}

// TestExits wants a row for each reason, and the row's status and the daemon's words from a command.
func TestExits(t *testing.T) {
	for number, name := range stellav1.ErrorReason_name {
		reason := stellav1.ErrorReason(number)
		want, ok := exits[reason]
		if !ok || want == cli.StatusDone {
			t.Errorf("%s has no exit status", name)
			continue
		}
		a := &answers{err: api.Error(codes.FailedPrecondition, reason, "the daemon's words")}
		a.serve(t, api.AdminSocket)
		if stdout, stderr, exit := adminctl(t, "status"); exit != want || stderr != "adminctl: the daemon's words\n" || len(stdout) > 0 {
			t.Errorf("%s: exit %d, stderr %s; want exit %d", name, exit, stderr, want)
		}
		problem := &stellav1.Problem{Reason: api.ReasonName(reason)}
		if got := exitOf(problem); got != want {
			t.Errorf("a problem of %s exits %d, want %d", name, got, want)
		}
	}
}

// TestMeant is about errors that gRPC makes by itself.
func TestMeant(t *testing.T) {
	l := &line{path: "a.sock"}
	lost := l.meant(t.Context(), status.Error(codes.Unavailable, "EOF"))
	if cli.StatusOf(lost) != cli.StatusUnreachable || !errors.Is(lost, errNoDaemon) || lost.Error() != "no daemon answers at a.sock: the connection was lost: EOF" {
		t.Errorf("lost: %v", lost)
	}
	absent := l.meant(t.Context(), status.Error(codes.Unimplemented, "unknown service"))
	if cli.StatusOf(absent) != cli.StatusBadInput || errors.Is(absent, errNoDaemon) || !strings.Contains(absent.Error(), "no such method on this socket") {
		t.Errorf("absent: %v", absent)
	}
	large := l.meant(t.Context(), status.Error(codes.ResourceExhausted, "message too large"))
	if cli.StatusOf(large) != cli.StatusFailed || large.Error() != "message too large" {
		t.Errorf("large: %v", large)
	}
	over := api.Error(codes.ResourceExhausted, stellav1.ErrorReason_ERROR_REASON_OVERLOADED, "wait")
	if got := l.meant(t.Context(), over); api.Reason(got) != stellav1.ErrorReason_ERROR_REASON_OVERLOADED {
		t.Errorf("the reason is lost: %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.meant(ctx, status.Error(codes.Canceled, "canceled")); cli.StatusOf(err) != cli.StatusInterrupted {
		t.Errorf("interrupted: %v", err)
	}
	if err := l.meant(ctx, nil); err != nil {
		t.Errorf("an answer became %v", err)
	}
}
