package vex

import (
	"strconv"

	"stellad/sbom/fault"
)

func openVEXProducts(path string, values []any) ([]Product, error) {
	var list []Product
	for i, value := range values {
		here := path + "/" + strconv.Itoa(i)
		p, err := openVEXProduct(here, value)
		if err != nil {
			return nil, err
		}
		p.Subcomponents, err = openVEXProducts(here+"/subcomponents", listAt(value, "subcomponents"))
		if err != nil {
			return nil, err
		}
		list = append(list, *p)
	}
	return list, nil
}

// openVEXProduct takes a product or a subcomponent, which must say in some way
// what it is.
func openVEXProduct(path string, value any) (*Product, error) {
	p := &Product{}
	id := textAt(value, "@id")
	if isPURL(id) {
		p.PURLs = append(p.PURLs, id)
	} else {
		p.Name = id
	}
	if purl := textAt(value, "identifiers", "purl"); purl != "" && purl != id {
		p.PURLs = append(p.PURLs, purl)
	}
	for _, purl := range p.PURLs {
		if _, err := parsePURL(purl); err != nil {
			return nil, wrong(path, "%s: %s", fault.Quote(purl), err)
		}
	}
	for _, name := range openVEXHashes {
		if hash := textAt(value, "hashes", name); hash != "" {
			p.Digests = append(p.Digests, digest(name, hash))
		}
	}
	if id == "" && at(value, "identifiers") == nil && at(value, "hashes") == nil {
		return nil, wrong(path, "it has none of @id, identifiers and hashes: it would be any product")
	}
	for _, cpe := range []string{"cpe23", "@cpe23", "cpe22", "@cpe22"} {
		if p.Name == "" {
			p.Name = textAt(value, "identifiers", cpe)
		}
	}
	return p, nil
}
