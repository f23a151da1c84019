package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// Facts are a part of an input, read once for many decisions.
type Facts struct{ object ast.Object }

// ReadFacts reads a JSON object.
func ReadFacts(text []byte) (*Facts, error) {
	v, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	object, ok := v.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("facts: %s, not an object", ast.ValueName(v))
	}
	return &Facts{object}, nil
}

// with gives the input that has more members beside the facts, which are shared and stay as they are.
func (f *Facts) with(more map[string]any) (ast.Value, error) {
	input := ast.NewObject()
	f.object.Foreach(func(name, value *ast.Term) { input.Insert(name, value) })
	for name, value := range more {
		v, err := ast.InterfaceToValue(value)
		if err != nil {
			return nil, err
		}
		input.Insert(ast.StringTerm(name), ast.NewTerm(v))
	}
	return input, nil
}

// Decide asks for data.stella.decision with facts and more as the input, and gives it as JSON. Errors wrap ErrUndefined or
// ErrFailed. The context ends an evaluation between two steps, not within a function.
func (p *Policy) Decide(ctx context.Context, f *Facts, more map[string]any) ([]byte, error) {
	input, err := f.with(more)
	if err != nil {
		return nil, fmt.Errorf("%w: input: %w", ErrFailed, err)
	}
	results, err := p.query.Eval(ctx, rego.EvalParsedInput(input))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, ErrUndefined
	}
	answer, err := json.Marshal(results[0].Expressions[0].Value)
	if err != nil {
		return nil, fmt.Errorf("%w: answer: %w", ErrFailed, err)
	}
	return answer, nil
}
