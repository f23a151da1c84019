package deciding

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"stellad/policy/worker"
)

// maxRemembered bounds the facts that are remembered, in bytes of text.
const maxRemembered = 64 << 20

// A memory has the facts of artifacts that were asked about last.
type memory struct {
	flights singleflight.Group

	mu    sync.Mutex
	facts map[string]*prepared // by artifact
	order []string             // of facts: the one asked about longest ago first
	size  int
}

func newMemory() *memory { return &memory{facts: map[string]*prepared{}} }

// get gives an artifact's facts, if their state is still the same.
func (m *memory) get(artifact, state string) *prepared {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.facts[artifact]
	if p == nil || p.state != state {
		return nil
	}
	i := slices.Index(m.order, artifact)
	m.order = append(slices.Delete(m.order, i, i+1), artifact)
	return p
}

func (m *memory) put(artifact string, p *prepared) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(artifact)
	if len(p.text) > maxRemembered {
		return
	}
	for m.size+len(p.text) > maxRemembered {
		m.forget(m.order[0])
	}
	m.facts[artifact], m.order, m.size = p, append(m.order, artifact), m.size+len(p.text)
}

func (m *memory) forget(artifact string) {
	if p := m.facts[artifact]; p != nil {
		m.size -= len(p.text)
		delete(m.facts, artifact)
		i := slices.Index(m.order, artifact)
		m.order = slices.Delete(m.order, i, i+1)
	}
}

// prepared gives an artifact's facts: those that are remembered, or new ones. Several who ask at a time have them put
// together once.
func (d *Decider) prepared(ctx context.Context, uid uint32, artifact string) (*prepared, error) {
	state, err := d.holdings.State(artifact)
	if err != nil {
		return nil, err
	}
	if p := d.facts.get(artifact, state); p != nil {
		return p, nil
	}
	got, err, _ := d.facts.flights.Do(artifact+" "+state, func() (any, error) {
		f, err := d.holdings.Facts(context.WithoutCancel(ctx), uid, artifact)
		if err != nil {
			return nil, err
		}
		p, err := prepare(state, f)
		if err == nil {
			d.facts.put(artifact, p)
		}
		return p, err
	})
	if err != nil {
		return nil, err
	}
	p, _ := got.(*prepared)
	return p, nil
}

// Has tells whether a vulnerability, by any of its names, is among the findings on an artifact.
func (d *Decider) Has(ctx context.Context, uid uint32, artifact, vulnerability string) (bool, error) {
	p, err := d.prepared(ctx, uid, artifact)
	return err == nil && p.found[strings.ToUpper(vulnerability)], err
}

// A check is what a bundle was found to be, once.
type check struct {
	once    sync.Once
	summary *worker.Summary
	err     error
}

// maxChecks bounds the bundles of which it is remembered what they are.
const maxChecks = 16

// has tells whether a bundle has parameters for an environment: ErrEnvironment, or why the bundle is none.
func (d *Decider) has(b *worker.Bundle, environment string) error {
	d.mu.Lock()
	c := d.checks[b.SHA256]
	if c == nil {
		if len(d.checks) == maxChecks {
			clear(d.checks)
		}
		c = &check{}
		d.checks[b.SHA256] = c
	}
	d.mu.Unlock()
	c.once.Do(func() { c.summary, c.err = d.command.Check(b.Text) })
	switch {
	case c.err != nil:
		return c.err
	case !slices.Contains(c.summary.Environments, environment):
		return fmt.Errorf("%w: %.80q: the policy in force has %s", ErrEnvironment, environment, words(c.summary.Environments))
	}
	return nil
}

func words(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return fmt.Sprintf("%q", list)
}
