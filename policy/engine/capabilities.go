package engine

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

//go:embed builtins.txt
var listed string

// Builtins are the functions that a policy may call, sorted: none that has a network, a clock, randomness, an environment,
// or certificates judged by the clock. The list is a file, so that a release of OPA with one more function is no release of
// ours with one more.
func Builtins() []string { return strings.Fields(listed) }

// Cut are the functions of OPA that a policy may not call, sorted.
func Cut() []string {
	var cut []string
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if !slices.Contains(Builtins(), b.Name) {
			cut = append(cut, b.Name)
		}
	}
	slices.Sort(cut)
	return cut
}

func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	allowed := Builtins()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return !slices.Contains(allowed, b.Name) })
	c.AllowNet = []string{} // no host: a schema may name one too
	return c
}
