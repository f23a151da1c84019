package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrAnswer is wrapped by every reason for which an answer of a policy is no decision.
var ErrAnswer = errors.New("not an answer that a policy may give")

// Limits of an answer.
const (
	maxGates  = 100
	maxListed = 10000 // reasons and what was looked at, all together; exceptions
	maxText   = 4096  // bytes of one text
)

// Read takes a policy's answer, which must have gates, each with every member that Gate has, and no other. Errors wrap
// ErrAnswer, and are to be made a denial of (Deny).
func Read(answer []byte) (*Decision, error) {
	var raw struct {
		Gates      []rawGate   `json:"gates"`
		Exceptions []Exception `json:"exceptions"`
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.DisallowUnknownFields()
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, plainly(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows it", ErrAnswer)
	}
	if len(raw.Gates) == 0 || len(raw.Gates) > maxGates || len(raw.Exceptions) > maxListed {
		return nil, fmt.Errorf("%w: %d gates, %d exceptions", ErrAnswer, len(raw.Gates), len(raw.Exceptions))
	}
	gates, err := gatesOf(raw.Gates)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return decide(gates, raw.Exceptions), nil
}

// plainly says where a value is of a wrong type, without the types of this program.
func plainly(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	if wrong.Field == "" {
		return fmt.Errorf("it is a JSON %s, and no object", wrong.Value)
	}
	return fmt.Errorf("%s is a JSON %s, and must be another type", wrong.Field, wrong.Value)
}

// A rawGate tells what is missing.
type rawGate struct {
	Name    *string   `json:"name"`
	Passed  *bool     `json:"passed"`
	Before  *bool     `json:"before"`
	Reasons *[]string `json:"reasons"`
	Looked  *[]string `json:"looked"`
}

func gatesOf(raw []rawGate) (gates []Gate, err error) {
	seen := map[string]bool{}
	for i, r := range raw {
		if r.Name == nil || r.Passed == nil || r.Before == nil || r.Reasons == nil || r.Looked == nil {
			return nil, fmt.Errorf("gate %d lacks one of name, passed, before, reasons, looked", i)
		}
		g := Gate{*r.Name, *r.Passed, *r.Before, *r.Reasons, *r.Looked}
		if err := g.check(); err != nil {
			return nil, err
		}
		if seen[g.Name] {
			return nil, fmt.Errorf("gate %q is there twice", g.Name)
		}
		seen[g.Name] = true
		gates = append(gates, g)
	}
	return gates, nil
}

func (g Gate) check() error {
	switch {
	case g.Name == "" || len(g.Name) > 64:
		return fmt.Errorf("a gate's name is %.80q", g.Name)
	case !g.Passed && len(g.Reasons) == 0:
		return fmt.Errorf("gate %q does not pass and has no reason", g.Name)
	case g.Passed && len(g.Reasons) > 0:
		return fmt.Errorf("gate %q passes, and has a reason not to", g.Name)
	case len(g.Reasons)+len(g.Looked) > maxListed:
		return fmt.Errorf("gate %q has %d lines", g.Name, len(g.Reasons)+len(g.Looked))
	}
	for _, line := range append(append([]string{}, g.Reasons...), g.Looked...) {
		if line == "" || len(line) > maxText {
			return fmt.Errorf("gate %q has a line of %d bytes", g.Name, len(line))
		}
	}
	return nil
}

// decide is a pass if every gate passes.
func decide(gates []Gate, exceptions []Exception) *Decision {
	d := &Decision{Verdict: Passed, Before: Passed, Gates: gates, Exceptions: exceptions}
	if d.Exceptions == nil {
		d.Exceptions = []Exception{}
	}
	for _, g := range gates {
		if !g.Before {
			d.Before = Blocked
		}
		if !g.Passed && d.Verdict == Passed {
			d.Verdict, d.Line = Blocked, Blocked+" - "+g.Reasons[0]
		}
	}
	switch {
	case d.Verdict == Blocked:
	case d.Before == Blocked:
		d.Line = Passed + " - VEX exception applied"
	default:
		d.Line = fmt.Sprintf("%s - all %d gates hold", Passed, len(gates))
	}
	return d
}

// Deny is the decision where there is no answer: blocked, for a reason in one line.
func Deny(reason string) *Decision {
	return &Decision{
		Verdict: Blocked, Before: Blocked, Line: Blocked + " - " + reason,
		Gates: []Gate{{Name: "policy", Reasons: []string{reason}, Looked: []string{}}}, Exceptions: []Exception{},
	}
}
