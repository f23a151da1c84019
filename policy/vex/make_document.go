package vex

import (
	"errors"
	"fmt"
	"net/url"

	"stellad/sbom/fault"
)

// An OpenVEX document as it is written: in this order, without what is empty.
type newDocument struct {
	Context    string         `json:"@context"`
	ID         string         `json:"@id"`
	Author     string         `json:"author"`
	Timestamp  string         `json:"timestamp"`
	Version    int            `json:"version"`
	Statements []newStatement `json:"statements"`
}

type newStatement struct {
	Vulnerability newVulnerability `json:"vulnerability"`
	Products      []newProduct     `json:"products"`
	Status        string           `json:"status"`
	Notes         string           `json:"status_notes,omitempty"`
	Justification string           `json:"justification,omitempty"`
	Impact        string           `json:"impact_statement,omitempty"`
	Action        string           `json:"action_statement,omitempty"`
}

type newVulnerability struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

type newProduct struct {
	ID            string            `json:"@id,omitempty"`
	Identifiers   map[string]string `json:"identifiers,omitempty"`
	Hashes        map[string]string `json:"hashes,omitempty"`
	Subcomponents []newProduct      `json:"subcomponents,omitempty"`
}

// newProducts writes products in the order given, each once: OpenVEX allows no more.
func newProducts(products []Product) ([]newProduct, error) {
	if len(products) == 0 {
		return nil, errors.New("a product is missing: its digest or package URL (--artifact)")
	}
	return newComponents(products, func(p Product, c *newProduct) (err error) {
		c.Subcomponents, err = newComponents(p.Subcomponents, func(part Product, _ *newProduct) error {
			if len(part.Subcomponents) > 0 {
				return fmt.Errorf("subcomponent %s has subcomponents", fault.Quote(part.label()))
			}
			return nil
		})
		return err
	})
}

func newComponents(products []Product, complete func(Product, *newProduct) error) ([]newProduct, error) {
	var list []newProduct
	known := map[string]bool{}
	for _, p := range products {
		c, err := newComponent(p)
		if err == nil {
			err = complete(p, &c)
		}
		if err != nil {
			return nil, err
		}
		if key := fmt.Sprintf("%q", []any{c.ID, c.Identifiers, c.Hashes, c.Subcomponents}); !known[key] {
			known[key], list = true, append(list, c)
		}
	}
	return list, nil
}

// newComponent writes what a product is known by. A name that is none of a
// package is not made up: what is known by its digest alone has no @id.
func newComponent(p Product) (newProduct, error) {
	var c newProduct
	if len(p.PURLs) > 2 || len(p.Digests) > 1 {
		return c, fmt.Errorf("product %s: OpenVEX has room for two package URLs and one digest of it", fault.Quote(p.label()))
	}
	for i, purl := range p.PURLs {
		if _, err := parsePURL(purl); err != nil {
			return c, fmt.Errorf("product %s: %w", fault.Quote(purl), err)
		}
		if i == 0 && isURI(purl) {
			c.ID = purl
		} else {
			c.Identifiers = map[string]string{"purl": purl}
		}
	}
	for _, digest := range p.Digests {
		name, hex, ok := hashOf(digest)
		if !ok {
			return c, fmt.Errorf("product %s is no digest that OpenVEX has a name for", fault.Quote(digest))
		}
		c.Hashes = map[string]string{name: hex}
	}
	if c.ID == "" && c.Hashes == nil && c.Identifiers == nil {
		return c, fmt.Errorf("product %s has neither digest nor package URL", fault.Quote(p.label()))
	}
	return c, nil
}

// isURI says whether a text may stand as @id.
func isURI(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.IsAbs()
}
