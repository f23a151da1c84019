package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	stellav1 "stellad/api/stella/v1"
)

// A home is where an appliance lives. The state folder may lie on a disk of its own.
type home struct {
	dir, state string
	token      *token // nil where it has no keys
	foreign    []byte // an evidence bundle of another appliance, which is believed
	foreignVEX []byte // that one's statement on a vulnerability in app
}

// newHome makes an appliance that was initialised and never started; state is where it keeps its state, "" a folder of
// its own.
func newHome(t testing.TB, state string) home {
	t.Helper()
	return newHomeOf(t, state, nil)
}

// newHomeOf is newHome with a token, which is this home's alone: it has each label, and a log's last checkpoint, once.
func newHomeOf(t testing.TB, state string, k *token) home {
	t.Helper()
	h := home{dir: shortDir(t), state: state, token: k}
	if state == "" {
		h.state = filepath.Join(h.dir, "state")
	}
	for _, dir := range []string{h.state, h.path("run"), h.path("trust")} {
		must(t, os.MkdirAll(dir, 0o700))
	}
	demo := filepath.Join("..", "..", "packaging", "demo", "trust")
	must(t, os.CopyFS(h.path("trust"), os.DirFS(demo)))
	h.foreign, h.foreignVEX = foreign(t, h.path("trust"))
	h.configure(t)
	h.policy(t, 1)
	run(t, "stellad", "init", "--config", h.config(), "--name", "faults.example")
	return h
}

// shortDir is a folder for a test; t.TempDir's name leaves no room for a socket's.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "h")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (h home) path(name string) string { return filepath.Join(h.dir, name) }
func (h home) config() string          { return h.path("stellad.toml") }

func (h home) configure(t testing.TB) {
	t.Helper()
	text := fmt.Appendf(nil, "state = %q\nrun = %q\ntrust = %q\naccess = %q\n",
		h.state, h.path("run"), h.path("trust"), h.path("access.toml"))
	if h.token != nil {
		text = fmt.Appendf(text, "hsm = %q\n", h.token.socket)
	}
	must(t, os.WriteFile(h.config(), text, 0o600))
}

// elsewhere is the same appliance with its state in another place.
func (h home) elsewhere(t testing.TB, state string) home {
	t.Helper()
	to := home{dir: shortDir(t), state: state, token: h.token, foreign: h.foreign, foreignVEX: h.foreignVEX}
	must(t, os.MkdirAll(to.path("run"), 0o700))
	must(t, os.CopyFS(to.path("trust"), os.DirFS(h.path("trust"))))
	text, err := os.ReadFile(h.path("access.toml"))
	must(t, err)
	must(t, os.WriteFile(to.path("access.toml"), text, 0o600))
	to.configure(t)
	return to
}

// policy puts the policy of a version in place. It denies one thing, so that there is something to annotate.
func (h home) policy(t testing.TB, version int) {
	t.Helper()
	text := fmt.Sprintf("version = %d\n[roles]\nadministrator = [\"*:*\"]\n[users]\n\"uid:%d\" = [\"administrator\"]\n"+
		"[deny.users]\n\"uid:%d\" = [\"metrics:read\"]\n", version, os.Geteuid(), os.Geteuid())
	must(t, os.WriteFile(h.path("access.new"), []byte(text), 0o600))
	must(t, os.Rename(h.path("access.new"), h.path("access.toml")))
}

// check runs `stellad check` and gives what it said and its status.
func (h home) check(t testing.TB) (out string, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("stellad", "check", "--config", h.config())
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String() + stderr.String(), cmd.ProcessState.ExitCode()
}

// good wants a check to find no fault.
func (h home) good(t testing.TB) {
	t.Helper()
	if out, status := h.check(t); status != 0 {
		t.Errorf("stellad check: exit status %d\n%s", status, out)
	}
}

// A text is what a process says while somebody reads it.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// An appliance is a running daemon, which ends with its test.
type appliance struct {
	home
	cmd    *exec.Cmd
	log    text
	conn   *grpc.ClientConn
	exited chan struct{}
	noted  uint64 // a record with an annotation
	heard  int    // how much of log was there before what happens now
	loaded string // a policy that may be activated, its SHA-256

	access   stellav1.AccessServiceClient
	audit    stellav1.AuditServiceClient
	status   stellav1.StatusServiceClient
	keys     stellav1.KeyServiceClient
	signing  stellav1.SigningServiceClient
	evidence stellav1.EvidenceServiceClient
}

// start starts the daemon, by way of a wrapper if there is one, which must become ready, and have its keys in place where
// it has a token.
func (h home) start(t testing.TB, wrapper ...string) *appliance {
	t.Helper()
	a, err := h.tryStart(t, wrapper...)
	if err != nil {
		t.Fatalf("stellad: %v\n%s", err, &a.log)
	}
	if h.token != nil {
		a.until(t, keysInPlace)
	}
	return a
}

var keysInPlace = regexp.MustCompile(`the keys are in place`)

// tryStart starts the daemon and waits until it is ready or has ended.
func (h home) tryStart(t testing.TB, wrapper ...string) (*appliance, error) {
	t.Helper()
	args := append(wrapper, "stellad", "--config", h.config())
	a := &appliance{home: h, cmd: exec.Command(args[0], args[1:]...), exited: make(chan struct{})}
	a.cmd.Stderr = &a.log
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, a.cmd.Start())
	go func() { _ = a.cmd.Wait(); close(a.exited) }()
	t.Cleanup(a.kill)
	a.conn = a.dial(t, "admin")
	a.access = stellav1.NewAccessServiceClient(a.conn)
	a.audit = stellav1.NewAuditServiceClient(a.conn)
	a.status = stellav1.NewStatusServiceClient(a.conn)
	a.keys = stellav1.NewKeyServiceClient(a.conn)
	a.signing = stellav1.NewSigningServiceClient(a.conn)
	a.evidence = stellav1.NewEvidenceServiceClient(a.conn)
	return a, a.ready()
}

// dial makes a connection to one of the daemon's sockets.
func (h home) dial(t testing.TB, socket string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+h.path("run/"+socket+".sock"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (a *appliance) ready() error {
	for deadline := time.After(20 * time.Second); ; {
		select {
		case <-a.exited:
			return fmt.Errorf("it left with %v", a.cmd.ProcessState)
		case <-deadline:
			return errors.New("it is not ready")
		case <-time.After(10 * time.Millisecond):
		}
		if strings.Contains(a.log.String(), "msg=ready") {
			return nil
		}
	}
}

// tail is the log without the calls.
func (a *appliance) tail() string {
	var kept strings.Builder
	for line := range strings.Lines(a.log.String()) {
		if !strings.Contains(line, "msg=call ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// kill ends the daemon, and what it was wrapped in, without a word.
func (a *appliance) kill() {
	_ = syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL)
	<-a.exited
}

// process is the daemon's, which a wrapper may have started.
func (a *appliance) process() *os.Process {
	pid := a.cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err == nil && filepath.Base(a.cmd.Path) != "stellad" {
		_, _ = fmt.Sscan(string(children), &pid)
	}
	p, _ := os.FindProcess(pid) // it never fails on Unix
	return p
}

// stop has the daemon end in order.
func (a *appliance) stop(t testing.TB) {
	t.Helper()
	_ = a.process().Signal(syscall.SIGTERM)
	select {
	case <-a.exited:
	case <-time.After(15 * time.Second):
		t.Errorf("stellad does not stop\n%s", &a.log)
		a.kill()
	}
}

// ended tells whether the daemon has.
func (a *appliance) ended() bool {
	select {
	case <-a.exited:
		return true
	default:
		return false
	}
}

// soon is how long an act may take until it is done or refused.
const soon = 2 * time.Second

// within gives a call's context. Its deadline is beyond soon: who comes later is seen to be late.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 4*soon)
	t.Cleanup(cancel)
	return ctx
}

// exitOf is the status that a program ended with; -1 where it did not by itself.
func exitOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
