package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stellad/hsm"
	"stellad/internal/cli"
	"stellad/internal/tokens"
)

// The test binary is stellad-hsm too, by this variable.
const asProgram = "STELLA_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// recovery is how long everything may take to be as before.
const recovery = 5 * time.Second

// A bed is a token, a configuration for it, and where the program keeps its things.
type bed struct {
	testing.TB
	token   tokens.Token
	dir     string // everybody may look in
	config  string
	socket  string
	control string // of the shim
	env     []string
	as      *syscall.Credential // nil for this user
}

// newBed makes a token behind the shim.
func newBed(t testing.TB) *bed {
	t.Helper()
	dir, err := os.MkdirTemp("", "stella-hsm")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	b := &bed{
		TB: t, token: tokens.SoftHSM(t), dir: dir, config: filepath.Join(dir, "stellad-hsm.toml"),
		socket: filepath.Join(dir, "hsm.sock"), control: filepath.Join(dir, "control"),
	}
	must(t, os.Mkdir(b.control, 0o777))
	b.env = append(b.token.Env, "SHIM_MODULE="+b.token.Module, "SHIM_CONTROL="+b.control, asProgram+"=1", "GORACE=atexit_sleep_ms=0")
	b.writePIN(tokens.PIN)
	b.configure(tokens.Shim(t), 4)
	return b
}

func (b *bed) configure(module string, sessions int, more ...string) {
	b.Helper()
	text := fmt.Sprintf("module = %q\nslot = %q\nsocket = %q\npeer = \"uid:%d\"\npin-file = %q\nsessions = %d\n",
		module, b.token.Slot, b.socket, os.Geteuid(), b.pinFile(), sessions) + strings.Join(more, "\n")
	must(b, os.WriteFile(b.config, []byte(text), 0o644))
}

func (b *bed) pinFile() string { return filepath.Join(b.dir, "pin") }

func (b *bed) writePIN(pin string) {
	b.Helper()
	must(b, os.WriteFile(b.pinFile(), []byte(pin+"\n"), 0o644))
}

// tell has the shim misbehave; untell ends it.
func (b *bed) tell(what string) { must(b, os.WriteFile(filepath.Join(b.control, what), nil, 0o666)) }

func (b *bed) untell(what string) { _ = os.Remove(filepath.Join(b.control, what)) }

func (b *bed) logins() int {
	text, _ := os.ReadFile(filepath.Join(b.control, "logins"))
	return len(text)
}

func (b *bed) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), b.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: b.as, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// A supervisor restarts the program as the unit does: whenever it fails, but for a refused PIN.
type supervisor struct {
	mu      sync.Mutex
	cmd     *exec.Cmd
	ended   bool
	exits   []int // so far; -1 by a signal
	log     strings.Builder
	stopped chan struct{}
}

func (b *bed) supervise() *supervisor {
	s := &supervisor{stopped: make(chan struct{})}
	go s.run(b)
	b.Cleanup(func() {
		s.stop()
		if b.Failed() {
			b.Logf("exits %v\n%s", s.statuses(), s.log.String())
		}
	})
	return s
}

func (s *supervisor) run(b *bed) {
	defer close(s.stopped)
	for {
		cmd := b.command("--config", b.config)
		cmd.Stdout, cmd.Stderr = &s.log, &s.log
		s.mu.Lock()
		if s.ended {
			s.mu.Unlock()
			return
		}
		s.cmd = cmd
		err := cmd.Start()
		s.mu.Unlock()
		if err != nil {
			slog.Error("start", "error", err)
			return
		}
		_ = cmd.Wait()
		status := cmd.ProcessState.ExitCode()
		s.mu.Lock()
		s.exits = append(s.exits, status)
		s.mu.Unlock()
		if status == 0 || status == int(statusPIN) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// signal sends one to the process that runs.
func (s *supervisor) signal(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(sig)
	}
}

// freeze stops the process that runs, and returns when none of its threads has a turn any more.
func (s *supervisor) freeze(t testing.TB) {
	t.Helper()
	s.signal(syscall.SIGSTOP)
	s.mu.Lock()
	tasks := fmt.Sprintf("/proc/%d/task/*/stat", s.cmd.Process.Pid)
	s.mu.Unlock()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		stats, err := filepath.Glob(tasks)
		if err == nil && len(stats) > 0 && !slices.ContainsFunc(stats, runs) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not stop")
		}
	}
}

// runs tells whether a thread is in another state than stopped: proc(5), the field after the name.
func runs(stat string) bool {
	text, err := os.ReadFile(stat)
	_, state, ok := strings.Cut(string(text), ") ")
	return err != nil || !ok || !strings.HasPrefix(state, "T")
}

func (s *supervisor) stop() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.signal(syscall.SIGTERM)
	select {
	case <-s.stopped:
	case <-time.After(10 * time.Second):
		s.signal(syscall.SIGKILL)
		<-s.stopped
	}
}

func (s *supervisor) statuses() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int{}, s.exits...)
}

func (b *bed) client() *hsm.Client {
	b.Helper()
	c, err := hsm.Dial(b.socket)
	must(b, err)
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// within calls do until it succeeds, for so long at most, and returns how long it took.
func (b *bed) within(limit time.Duration, do func(context.Context) error) time.Duration {
	b.Helper()
	start := time.Now()
	for {
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		err := do(ctx)
		cancel()
		took := time.Since(start)
		switch {
		case err == nil && took <= limit:
			return took
		case took > limit:
			b.Fatalf("not within %v: %v", limit, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// key generates one, as soon as the program is there.
func (b *bed) key(c *hsm.Client, label string) (key *hsm.Key) {
	b.Helper()
	b.within(15*time.Second, func(ctx context.Context) (err error) {
		key, err = c.Generate(ctx, hsm.Template{Label: label, Algorithm: hsm.ECDSAP256})
		return err
	})
	return key
}

// signs asks for a signature, and verifies it. An error that comes later than the deadline fails the test.
func (b *bed) signs(key *hsm.Key, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return b.signsBy(ctx, key)
}

func (b *bed) signsBy(ctx context.Context, key *hsm.Key) error {
	until, _ := ctx.Deadline()
	sum := sha256.Sum256([]byte(time.Now().String()))
	signature, err := key.SignContext(ctx, sum[:], crypto.SHA256)
	if late := time.Since(until); late > 150*time.Millisecond {
		b.Errorf("an answer %v after its deadline: %v", late, err)
	}
	if err == nil && !ecdsa.VerifyASN1(key.Public().(*ecdsa.PublicKey), sum[:], signature) {
		b.Error("a signature that does not verify")
	}
	return err
}

// recovers waits until the key signs again, and says how long that took.
func (b *bed) recovers(key *hsm.Key) {
	b.Helper()
	took := b.within(recovery, func(ctx context.Context) error { return b.signsBy(ctx, key) })
	b.Logf("recovered in %v", took.Round(time.Millisecond))
}

// once runs the program until it exits by itself.
func (b *bed) once(args ...string) (cli.Status, string) {
	b.Helper()
	cmd := b.command(args...)
	timer := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.Fatal(err)
	}
	return cli.Status(cmd.ProcessState.ExitCode()), string(out)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
