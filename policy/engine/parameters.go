package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Environments are those that a policy has parameters for (data.stella.environments), sorted.
func (p *Policy) Environments() []string {
	return slices.Sorted(maps.Keys(p.environments()))
}

func (p *Policy) environments() map[string]any {
	all, _ := p.stella()["environments"].(map[string]any)
	return all
}

func (p *Policy) stella() map[string]any {
	data, _ := p.bundle.Data["stella"].(map[string]any)
	return data
}

// Revision is what the bundle's manifest calls it.
func (p *Policy) Revision() string { return p.bundle.Manifest.Revision }

// CheckParameters holds each environment's parameters to the policy's own schema of one (data.stella.schema). A policy
// without environments, or without a schema for them, is refused. Errors wrap ErrPolicy and name the parameter.
func (p *Policy) CheckParameters() error {
	if len(p.environments()) == 0 {
		return fmt.Errorf("%w: data.stella.environments names no environment", ErrPolicy)
	}
	schema, err := p.schema()
	if err != nil {
		return fmt.Errorf("%w: data.stella.schema: %w", ErrPolicy, err)
	}
	for _, name := range p.Environments() {
		if err := schema.Validate(p.environments()[name]); err != nil {
			return fmt.Errorf("%w: environment %q: %s", ErrPolicy, name, first(err))
		}
	}
	return nil
}

func (p *Policy) schema() (*jsonschema.Schema, error) {
	raw, there := p.stella()["schema"]
	if !there {
		return nil, errors.New("there is none")
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(alone{})
	if err := c.AddResource("stella:schema", raw); err != nil {
		return nil, err
	}
	schema, err := c.Compile("stella:schema")
	var invalid *jsonschema.SchemaValidationError
	if errors.As(err, &invalid) {
		return nil, errors.New(first(invalid.Err))
	}
	return schema, err
}

// alone loads nothing: a schema stands by itself.
type alone struct{}

func (alone) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s: a schema may not refer to another document", url)
}

// first gives the innermost cause that comes first, with the parameter that it is about.
func first(err error) string {
	var e *jsonschema.ValidationError
	if !errors.As(err, &e) {
		return err.Error()
	}
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	at := strings.Join(e.InstanceLocation, ".")
	if at == "" {
		at = "its parameters"
	}
	return at + ": " + e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}
