package worker

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"stellad/policy/engine"
)

// A Command is the program that calls Child: not started, nothing set but path and arguments.
type Command func() *exec.Cmd

// A process is one that runs. It is used by one goroutine at a time.
type process struct {
	cmd  *exec.Cmd
	conn *os.File // nonblocking: it has deadlines
	said *saying
}

// A saying is the first that a process writes to stderr: why it could not begin.
type saying struct{ text []byte }

func (s *saying) Write(text []byte) (int, error) {
	s.text = append(s.text, text[:min(len(text), 1024-len(s.text))]...)
	return len(text), nil
}

func (c Command) start() (*process, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	theirs := os.NewFile(uintptr(ends[1]), "worker")
	defer theirs.Close()
	if err := unix.SetNonblock(ends[0], true); err != nil {
		_ = unix.Close(ends[0])
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	p := &process{c(), os.NewFile(uintptr(ends[0]), "worker"), &saying{}}
	p.cmd.Stderr, p.cmd.ExtraFiles, p.cmd.Env = p.said, []*os.File{theirs}, append(p.cmd.Env, "TZ=UTC")
	if err := p.cmd.Start(); err != nil {
		_ = p.conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	return p, nil
}

// call asks and waits for the answer, for a time at most. After ErrDeadline or ErrEnded the process is no more.
func (p *process) call(r *request, patience time.Duration) (*reply, error) {
	answer := &reply{}
	err := p.conn.SetDeadline(time.Now().Add(patience))
	if err == nil {
		err = writeFrame(p.conn, r)
	}
	if err == nil {
		err = readFrame(p.conn, answer)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.kill()
		return nil, fmt.Errorf("%w: within %v", ErrDeadline, patience)
	case err != nil:
		return nil, fmt.Errorf("%w: %s", ErrEnded, p.ended())
	case answer.Code == "" || answer.Code == unknownFacts:
		return answer, nil
	}
	if sentinel := codes[answer.Code]; sentinel != nil {
		return nil, &refusal{answer.Message, sentinel}
	}
	return nil, fmt.Errorf("%w: %s", engine.ErrFailed, answer.Message)
}

// A refusal is an error of the process, in its own words, which begin with the sentinel's.
type refusal struct {
	message  string
	sentinel error
}

func (r *refusal) Error() string { return r.message }
func (r *refusal) Unwrap() error { return r.sentinel }

// kill ends it at once.
func (p *process) kill() {
	_ = p.conn.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// ended tells how a process ended that closed its end of the socketpair.
func (p *process) ended() string {
	_ = p.conn.Close()
	timer := time.AfterFunc(100*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait()
	timer.Stop()
	switch first, _, _ := strings.Cut(string(p.said.text), "\n"); p.cmd.ProcessState.ExitCode() {
	case 1:
		return "it could not begin: " + first
	case StatusMemory:
		return fmt.Sprintf("it took more than %d MiB of memory", MaxMemory>>20)
	case 2: // of the Go runtime
		return "out of memory, or a crash"
	}
	return p.cmd.ProcessState.String()
}
