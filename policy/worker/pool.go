package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"stellad/policy/engine"
)

// A Pool is a few processes that wait for work. All methods may be called concurrently.
type Pool struct {
	command Command
	idle    chan *slot
	bundle  atomic.Pointer[Bundle]
	pids    []atomic.Int64 // of each slot's process; 0 where there is none
}

// A slot is where a process runs, and the next one after it. Whoever took it from Pool.idle has it alone.
type slot struct {
	n       int
	process *process // nil: to be started
	bundle  *Bundle  // that it has compiled
}

// NewPool starts n processes.
func NewPool(command Command, n int) *Pool {
	p := &Pool{command: command, idle: make(chan *slot, n), pids: make([]atomic.Int64, n)}
	for i := range n {
		go p.give(&slot{n: i})
	}
	return p
}

// A Bundle is a policy bundle and what its user knows it by.
type Bundle struct {
	Text    []byte
	SHA256  string
	Version uint64
}

// Facts are what a decision stands on, as JSON, and the SHA-256 by which a process knows them.
type Facts struct {
	text   json.RawMessage
	digest string
}

// NewFacts takes a JSON object, which must not change.
func NewFacts(text []byte) *Facts {
	sum := sha256.Sum256(text)
	return &Facts{text, hex.EncodeToString(sum[:])}
}

// Use has a bundle evaluated from now on: each process compiles it before its next decision, or sooner.
func (p *Pool) Use(bundle *Bundle) {
	p.bundle.Store(bundle)
	for range cap(p.idle) {
		select {
		case s := <-p.idle:
			go p.give(s)
		default:
		}
	}
}

// Decide asks for a decision on facts, with more members of the input beside them, by the bundle in use, which it returns,
// with an error too. Errors wrap ErrDeadline, ErrEnded, ErrStart, engine.ErrPolicy, engine.ErrUndefined or engine.ErrFailed, or are ctx's, which ends the
// waiting for a process and no decision.
func (p *Pool) Decide(ctx context.Context, f *Facts, more map[string]any) (answer []byte, by *Bundle, err error) {
	select {
	case s := <-p.idle:
		defer func() { go p.give(s) }()
		by = p.bundle.Load()
		answer, err = p.decide(s, by, f, more)
		return answer, by, err
	case <-ctx.Done():
		return nil, p.bundle.Load(), ctx.Err()
	}
}

func (p *Pool) decide(s *slot, by *Bundle, f *Facts, more map[string]any) ([]byte, error) {
	if err := p.ready(s, by); err != nil {
		return nil, err
	}
	if by == nil {
		return nil, fmt.Errorf("%w: there is no policy", engine.ErrUndefined)
	}
	answer, err := s.process.decide(f, more)
	if errors.Is(err, ErrDeadline) || errors.Is(err, ErrEnded) {
		p.lost(s)
	}
	return answer, err
}

// decide sends the facts where the process says that it has not seen them.
func (p *process) decide(f *Facts, more map[string]any) ([]byte, error) {
	answer, err := p.call(&request{Op: opDecide, Known: f.digest, More: more}, Deadline)
	if err == nil && answer.Code == unknownFacts {
		answer, err = p.call(&request{Op: opDecide, Known: f.digest, Facts: f.text, More: more}, Deadline)
	}
	if err != nil {
		return nil, err
	}
	return answer.Answer, nil
}

// ready has a process in the slot that compiled a bundle, if there is one.
func (p *Pool) ready(s *slot, bundle *Bundle) error {
	if s.process == nil {
		process, err := p.command.start()
		if err != nil {
			return err
		}
		s.process, s.bundle = process, nil
		p.pids[s.n].Store(int64(process.cmd.Process.Pid))
	}
	if bundle == s.bundle {
		return nil
	}
	if _, err := s.process.call(&request{Op: opLoad, Bundle: bundle.Text}, Patience); err != nil {
		if errors.Is(err, ErrDeadline) || errors.Is(err, ErrEnded) {
			p.lost(s)
		}
		return fmt.Errorf("load the policy: %w", err)
	}
	s.bundle = bundle
	return nil
}

func (p *Pool) lost(s *slot) {
	s.process, s.bundle = nil, nil
	p.pids[s.n].Store(0)
}

// give puts a slot back, made ready. Where that fails, whoever takes it tries again and is told.
func (p *Pool) give(s *slot) {
	_ = p.ready(s, p.bundle.Load())
	p.idle <- s
}

// PIDs are those of the processes that are there.
func (p *Pool) PIDs() []int {
	var all []int
	for i := range p.pids {
		if pid := p.pids[i].Load(); pid != 0 {
			all = append(all, int(pid))
		}
	}
	return all
}

// Close ends all processes. No other method may be called after it.
func (p *Pool) Close() {
	for range cap(p.idle) {
		if s := <-p.idle; s.process != nil {
			s.process.kill()
		}
	}
}
