package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// A Test is what one of a policy's own tests came to.
type Test struct {
	Name   string `json:"name"` // package and rule
	Passed bool   `json:"passed"`
	Reason string `json:"reason,omitzero"` // why not
}

// Tests runs a bundle's own tests, the rules test_… of its packages, each for five seconds at most. Errors wrap ErrPolicy.
func Tests(ctx context.Context, text []byte) ([]Test, error) {
	b, err := read(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	store := inmem.NewFromObject(b.Data)
	txn, err := store.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		return nil, err
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true)
	results, err := tester.NewRunner().SetCompiler(compiler).SetStore(store).SetBundles(map[string]*bundle.Bundle{"policy": b}).
		SetDefaultRegoVersion(ast.RegoV1).RaiseBuiltinErrors(true).SetTimeout(5*time.Second).RunTests(ctx, txn)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	all := []Test{}
	for r := range results {
		all = append(all, testOf(r))
	}
	slices.SortFunc(all, func(a, b Test) int { return strings.Compare(a.Name, b.Name) }) // they run in no order
	return all, nil
}

func testOf(r *tester.Result) Test {
	t := Test{Name: r.Package + "." + r.Name, Passed: r.Pass()}
	switch {
	case t.Passed:
	case r.Error != nil:
		t.Reason = r.Error.Error()
	case r.Skip:
		t.Reason = "skipped"
	default:
		t.Reason = fmt.Sprintf("false, or undefined, at %s", r.Location)
	}
	return t
}
