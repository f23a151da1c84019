package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"stellad/policy/engine"
)

// codes are the failures that a reply names; unknownFacts is settled between the two sides.
var codes = map[string]error{"policy": engine.ErrPolicy, "undefined": engine.ErrUndefined, "failed": engine.ErrFailed}

const unknownFacts = "unknown-facts"

// A worker is what a process knows.
type worker struct {
	policy *engine.Policy
	facts  map[string]*known
	order  []string // of facts, the oldest first
	size   int      // of facts, bytes of text
}

type known struct {
	facts *engine.Facts
	size  int
}

// Child is the main of a worker's process: it seals itself, and answers on descriptor 3 until its other end is closed.
func Child() error {
	// Whoever waits at a descriptor that blocks holds the only processor, for as long as 20 ms.
	if err := unix.SetNonblock(3, true); err != nil {
		return fmt.Errorf("the socketpair: %w", err)
	}
	conn := os.NewFile(3, "socketpair") // before Seal: it opens what it waits by
	if err := Seal(); err != nil {
		return err
	}
	return Main(conn)
}

// Main answers on a socketpair until its other end is closed, which ends the process whatever it is at.
func Main(conn io.ReadWriter) error {
	requests := make(chan *request)
	failed := make(chan error, 1)
	go func() {
		for {
			r := &request{}
			if err := readFrame(conn, r); err != nil {
				failed <- err
				return
			}
			requests <- r
		}
	}()
	w := &worker{facts: map[string]*known{}}
	done := make(chan error, 1)
	go func() {
		for r := range requests {
			if err := writeFrame(conn, w.answer(r)); err != nil {
				done <- err
				return
			}
		}
	}()
	select {
	case err := <-failed:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	case err := <-done:
		return err
	}
}

func (w *worker) answer(r *request) *reply {
	answer, err := w.act(context.Background(), r)
	if err == nil {
		return answer
	}
	if answer != nil && answer.Code != "" {
		return answer
	}
	answer = &reply{Code: "failed", Message: strings.Join(strings.Fields(err.Error()), " ")} // OPA's have several lines
	for code, sentinel := range codes {
		if errors.Is(err, sentinel) {
			answer.Code = code
		}
	}
	return answer
}

func (w *worker) act(ctx context.Context, r *request) (*reply, error) {
	switch r.Op {
	case opLoad:
		return w.load(ctx, r.Bundle)
	case opDecide:
		return w.decide(ctx, r)
	case opTest:
		tests, err := engine.Tests(ctx, r.Bundle)
		return &reply{Tests: tests}, err
	}
	return nil, errors.New("an unknown request")
}

func (w *worker) load(ctx context.Context, bundle []byte) (*reply, error) {
	p, err := engine.Load(ctx, bundle)
	if err == nil {
		err = p.CheckParameters()
	}
	if err != nil {
		return nil, err
	}
	w.policy = p
	return &reply{Summary: &Summary{p.Revision(), p.Environments()}}, nil
}

func (w *worker) decide(ctx context.Context, r *request) (*reply, error) {
	if w.policy == nil {
		return nil, engine.ErrUndefined
	}
	f, err := w.know(r.Known, r.Facts)
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return &reply{Code: unknownFacts}, nil
	}
	answer, err := w.policy.Decide(ctx, f, r.More)
	return &reply{Answer: answer}, err
}

// know gives the facts of a digest: as they were, or as they are given. Nil: they are neither.
func (w *worker) know(digest string, text json.RawMessage) (*engine.Facts, error) {
	if k := w.facts[digest]; k != nil {
		return k.facts, nil
	}
	if text == nil {
		return nil, nil //nolint:nilnil // to be asked for is no failure
	}
	f, err := engine.ReadFacts(text)
	if err != nil {
		return nil, err
	}
	for len(w.order) > 0 && w.size+len(text) > maxFacts {
		oldest := w.order[0]
		w.size -= w.facts[oldest].size
		delete(w.facts, oldest)
		w.order = w.order[1:]
	}
	w.facts[digest] = &known{f, len(text)}
	w.order, w.size = append(w.order, digest), w.size+len(text)
	return f, nil
}
