package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/rego"

	"stellad/policy"
	policybundle "stellad/policy/bundle"
)

// Why a policy has no answer.
var (
	ErrPolicy    = errors.New("not a policy that can be evaluated")
	ErrUndefined = errors.New("data.stella.decision is undefined")
	ErrFailed    = errors.New("the policy failed")
)

// maxFile bounds one file of a bundle, in bytes.
const maxFile = 16 << 20

// A Policy is a bundle, compiled. It may be used by several goroutines.
type Policy struct {
	bundle *bundle.Bundle
	query  rego.PreparedEvalQuery
}

// Load compiles a bundle: a .tar.gz in OPA's format, version 1 of Rego. Signatures in it were verified by whoever gave it.
// Errors wrap ErrPolicy and name file and line.
func Load(ctx context.Context, text []byte) (*Policy, error) {
	p, err := load(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	return p, nil
}

func load(ctx context.Context, text []byte) (*Policy, error) {
	b, err := read(text)
	if err != nil {
		return nil, err
	}
	query, err := rego.New(
		rego.Query("data.stella.decision"), rego.ParsedBundle("policy", b), rego.Capabilities(capabilities()),
		rego.SetRegoVersion(ast.RegoV1), rego.Strict(true), rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	return &Policy{b, query}, nil
}

func read(text []byte) (*bundle.Bundle, error) {
	b, err := bundle.NewReader(bytes.NewReader(text)).WithSkipBundleVerification(true).WithCapabilities(capabilities()).
		WithRegoVersion(ast.RegoV1).WithSizeLimitBytes(maxFile).Read()
	switch {
	case err != nil:
		return nil, err
	case len(b.WasmModules) > 0 || len(b.PlanModules) > 0:
		return nil, errors.New("it has compiled modules; Rego alone is evaluated")
	case len(b.Modules) == 0:
		return nil, errors.New("it has no module of Rego")
	}
	return &b, readsInput(b.Manifest.Metadata)
}

// readsInput refuses a bundle whose manifest names another version of the input than this release gives. One that names none
// is asked all the same, and has the version in its input.
func readsInput(metadata map[string]any) error {
	stella, _ := metadata["stella"].(map[string]any)
	version, named := stella["input"]
	if n, is := version.(json.Number); named && (!is || n.String() != strconv.Itoa(policy.InputVersion)) {
		return fmt.Errorf("%s: metadata.stella.input is %v, and version %d of the input is given here", policybundle.Manifest, version, policy.InputVersion)
	}
	return nil
}
