package deciding

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"stellad/policy"
	"stellad/policy/worker"
)

// PredicateType is that of the statement which a signed decision is. docs/formats/policy-decision.md.
const PredicateType = "tag:stella,2026:policy-decision/v1"

// Predicate is what the statement says of the artifact.
type Predicate struct {
	policy.Decision

	Environment string     `json:"environment"`
	Time        string     `json:"time"`
	Policy      PolicyRef  `json:"policy"`
	Input       DigestOnly `json:"input"`
}

// PolicyRef names a policy.
type PolicyRef struct {
	SHA256  string `json:"sha256"`  // of the bundle
	Version uint64 `json:"version"` // 0: built in
}

// DigestOnly names content.
type DigestOnly struct {
	SHA256 string `json:"sha256"`
}

// Predicate gives what is signed of an answer.
func (a *Answer) Predicate() Predicate {
	return Predicate{a.Decision, a.Environment, policy.Instant(a.Time), PolicyRef{a.Bundle.SHA256, a.Bundle.Version}, DigestOnly{a.Input.SHA256}}
}

// ErrReplay is of a kept decision that nothing can be decided on again.
var ErrReplay = errors.New("not a decision that can be replayed")

// Replay decides on a kept input by a kept bundle, and tells whether it comes to the same decision.
func (d *Decider) Replay(then Predicate, bundle, input []byte) (now policy.Decision, same bool, err error) {
	b := bundleOf(bundle, then.Policy.Version)
	if b.SHA256 != then.Policy.SHA256 {
		return now, false, fmt.Errorf("%w: its policy is not the one that was kept", ErrReplay)
	}
	if sum := bundleOf(input, 0).SHA256; sum != then.Input.SHA256 {
		return now, false, fmt.Errorf("%w: its input is not the one that was kept", ErrReplay)
	}
	answer, err := d.command.Decide(b.Text, worker.NewFacts(input), nil)
	decision, err := judged(answer, err)
	if err != nil {
		return now, false, err
	}
	return *decision, reflect.DeepEqual(*decision, then.Decision), nil
}

// ReadPredicate reads one that was signed.
func ReadPredicate(text []byte) (p Predicate, at time.Time, err error) {
	if err := json.Unmarshal(text, &p); err != nil {
		return p, at, fmt.Errorf("%w: %w", ErrReplay, err)
	}
	at, err = time.Parse(time.RFC3339, p.Time)
	if err != nil {
		return p, at, fmt.Errorf("%w: %w", ErrReplay, err)
	}
	return p, at, nil
}
