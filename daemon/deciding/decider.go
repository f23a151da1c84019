// Package deciding has policies decide on artifacts: it puts together what is decided on, remembers it until the appliance
// holds something else, and makes a decision of whatever a worker answers. What is no answer is a decision that blocks.
package deciding

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"

	"stellad/policy"
	"stellad/policy/bundle"
	"stellad/policy/engine"
	"stellad/policy/pack"
	"stellad/policy/versions"
	"stellad/policy/worker"
)

// ErrEnvironment is of an environment that the policy in force has no parameters for.
var ErrEnvironment = errors.New("no such environment")

// Holdings are what the appliance holds on artifacts.
type Holdings interface {
	// State names everything that an artifact's facts depend on: as long as it is the same, so are they.
	State(artifact string) (string, error)
	// Facts puts them together, for a user who takes turns with others.
	Facts(ctx context.Context, uid uint32, artifact string) (policy.Facts, error)
	// Logs are those that the appliance keeps.
	Logs() ([]policy.Log, error)
}

// A Decider decides. It is safe for concurrent use.
type Decider struct {
	holdings Holdings
	command  worker.Command
	pool     *worker.Pool
	builtIn  *worker.Bundle
	facts    *memory
	now      func() time.Time

	mu     sync.Mutex
	checks map[string]*check // of bundles, by SHA-256: the one in force, and those before it
}

// workers are how many processes wait for work.
const workers = 2

// New makes a Decider that decides by the built-in policy. Command starts a worker.
func New(command worker.Command, holdings Holdings) (*Decider, error) {
	text, err := bundle.Pack(pack.Files())
	if err != nil {
		return nil, fmt.Errorf("the built-in policy: %w", err)
	}
	d := &Decider{
		holdings: holdings, command: command, pool: worker.NewPool(command, workers),
		builtIn: bundleOf(text, 0), facts: newMemory(), now: time.Now, checks: map[string]*check{},
	}
	d.pool.Use(d.builtIn)
	return d, nil
}

func bundleOf(text []byte, version uint64) *worker.Bundle {
	sum := sha256.Sum256(text)
	return &worker.Bundle{Text: text, SHA256: hex.EncodeToString(sum[:]), Version: version}
}

// Follow has the last version on the shelf decide from now on, or the built-in policy where there is none. Where its bytes
// can't be had, nothing stands in for it: every decision blocks.
func (d *Decider) Follow(shelf *versions.Shelf) error {
	v, err := shelf.InForce()
	if err != nil || v.Number == 0 {
		return err
	}
	text, err := shelf.Open(v.SHA256)
	if err != nil {
		d.pool.Use(&worker.Bundle{SHA256: v.SHA256, Version: v.Number})
		return err
	}
	d.pool.Use(bundleOf(text, v.Number))
	return nil
}

// BuiltIn is the policy that decides where nothing was activated.
func (d *Decider) BuiltIn() (text []byte, sha256 string) { return d.builtIn.Text, d.builtIn.SHA256 }

// PIDs are those of the workers.
func (d *Decider) PIDs() []int { return d.pool.PIDs() }

// Close ends the workers.
func (d *Decider) Close() { d.pool.Close() }

// An Answer is a decision and what it stands on.
type Answer struct {
	policy.Decision

	Artifact    string
	Environment string
	Time        time.Time // to the second
	Bundle      *worker.Bundle
	Input       Input
}

// An Input is policy.Input as JSON, of which the facts are shared by many.
type Input struct {
	facts, rest []byte
	SHA256      string
}

// JSON gives it whole.
func (i Input) JSON() []byte { return slices.Concat(i.facts, i.rest) }

// Decide decides on an artifact, "sha256:" and 64 digits. Errors wrap ErrEnvironment or worker.ErrStart, or are those of
// Holdings and ctx's: then there is no decision.
func (d *Decider) Decide(ctx context.Context, uid uint32, artifact, environment string) (*Answer, error) {
	p, err := d.prepared(ctx, uid, artifact)
	if err != nil {
		return nil, err
	}
	logs, err := d.holdings.Logs()
	if err != nil {
		return nil, err
	}
	a := &Answer{Artifact: artifact, Environment: environment, Time: d.now().UTC().Truncate(time.Second)}
	more := map[string]any{"version": policy.InputVersion, "time": policy.Instant(a.Time), "environment": environment, "logs": logsOf(logs)}
	if a.Input, err = p.input(more); err != nil {
		return nil, err
	}
	answer, by, err := d.pool.Decide(ctx, p.facts, more)
	a.Bundle = by
	if err == nil {
		err = d.has(by, environment)
	}
	decision, err := judged(answer, err)
	if err != nil {
		return nil, err
	}
	a.Decision = *decision
	return a, nil
}

// judged makes a decision of an answer, or of what kept a policy from giving one.
func judged(answer []byte, err error) (*policy.Decision, error) {
	if err == nil {
		d, unread := policy.Read(answer)
		if unread == nil {
			return d, nil
		}
		err = unread
	}
	for _, blocks := range []error{policy.ErrAnswer, worker.ErrDeadline, worker.ErrEnded, engine.ErrPolicy, engine.ErrUndefined, engine.ErrFailed} {
		if errors.Is(err, blocks) {
			return policy.Deny(strings.Join(strings.Fields(err.Error()), " ")), nil
		}
	}
	return nil, err
}

// logsOf gives logs as values that OPA takes.
func logsOf(logs []policy.Log) []any {
	all := []any{}
	for _, l := range logs {
		all = append(all, map[string]any{"origin": l.Origin, "size": json.Number(fmt.Sprint(l.Size)), "signed": l.Signed})
	}
	return all
}

// prepared are facts, ready to be decided on.
type prepared struct {
	state string
	text  []byte // their JSON without the last brace
	sum   hash.Cloner
	facts *worker.Facts
	found map[string]bool // all names of the findings, in upper case
}

func prepare(state string, f policy.Facts) (*prepared, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	p := &prepared{state: state, text: text[:len(text)-1], facts: worker.NewFacts(text), found: map[string]bool{}}
	for _, one := range f.Findings {
		for _, name := range append([]string{one.ID}, one.Aliases...) {
			p.found[strings.ToUpper(name)] = true
		}
	}
	h, ok := sha256.New().(hash.Cloner)
	if !ok {
		return nil, errors.New("SHA-256 can't be gone on with")
	}
	_, err = h.Write(p.text)
	p.sum = h
	return p, err
}

// input adds the members that are not facts.
func (p *prepared) input(more map[string]any) (Input, error) {
	rest, err := json.Marshal(more)
	if err != nil {
		return Input{}, err
	}
	rest[0] = ','
	h, err := p.sum.Clone()
	if err != nil {
		return Input{}, err
	}
	if _, err := h.Write(rest); err != nil {
		return Input{}, err
	}
	return Input{p.text, rest, hex.EncodeToString(h.Sum(nil))}, nil
}
