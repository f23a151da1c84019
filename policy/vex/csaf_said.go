package vex

import (
	"strconv"
	"strings"

	"stellad/sbom/fault"
)

// csafSaid is what stands beside the statuses of one vulnerability, by product.
type csafSaid struct {
	labels map[string]string // of flags
	impact map[string]string // of threats of category impact; several are lines
	action map[string]string // of remediations; likewise
}

func (r *csafReader) said(path string, value any) (csafSaid, error) {
	s := csafSaid{map[string]string{}, map[string]string{}, map[string]string{}}
	if err := r.flags(path, value, s); err != nil {
		return s, err
	}
	if err := r.threats(path, value, s); err != nil {
		return s, err
	}
	return s, r.remediations(path, value, s)
}

// threats takes the impact statements. One that names no product is about the
// vulnerability, and so about all that are said not to be affected by it.
func (r *csafReader) threats(path string, value any, s csafSaid) error {
	for i, threat := range listAt(value, "threats") {
		here := path + "/threats/" + strconv.Itoa(i)
		products, err := r.productsOf(here, threat)
		if err != nil {
			return err
		}
		if textAt(threat, "category") != "impact" {
			continue
		}
		if at(threat, "product_ids") == nil && at(threat, "group_ids") == nil {
			products = textsAt(value, "product_status", "known_not_affected")
		}
		for _, product := range products {
			if err := r.addLine(here, s.impact, product, textAt(threat, "details")); err != nil {
				return err
			}
		}
	}
	return nil
}

// remediations takes the action statements (6.1.29).
func (r *csafReader) remediations(path string, value any, s csafSaid) error {
	for i, remediation := range listAt(value, "remediations") {
		here := path + "/remediations/" + strconv.Itoa(i)
		products, err := r.productsOf(here, remediation)
		if err != nil {
			return err
		}
		if len(products) == 0 {
			return wrong(here, "it is of no product (CSAF 2.0 6.1.29)")
		}
		for _, product := range products {
			line := textAt(remediation, "category") + ": " + textAt(remediation, "details")
			if err := r.addLine(here, s.action, product, line); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *csafReader) addLine(path string, to map[string]string, product, line string) error {
	if err := r.spend(path, len(to[product])+len(line)); err != nil {
		return err
	}
	to[product] = strings.TrimPrefix(to[product]+"\n"+line, "\n")
	return nil
}

// maxWork bounds what a few bytes of groups can be multiplied to, in bytes.
const maxWork = 64 << 20

func (r *csafReader) spend(path string, bytes int) error {
	if r.work += bytes; r.work > maxWork {
		return wrong(path, "its product groups multiply to more than %d MiB", maxWork>>20)
	}
	return nil
}

// flags takes the justifications: one for each product (6.1.32, 6.1.33). CSAF's
// five labels are OpenVEX's.
func (r *csafReader) flags(path string, value any, s csafSaid) error {
	for i, flag := range listAt(value, "flags") {
		here := path + "/flags/" + strconv.Itoa(i)
		products, err := r.productsOf(here, flag)
		if err != nil {
			return err
		}
		if len(products) == 0 {
			return wrong(here, "it is of no product (CSAF 2.0 6.1.32)")
		}
		for _, product := range products {
			label := textAt(flag, "label")
			if before := s.labels[product]; before != "" {
				return wrong(here, "product %s has a justification already: %s (CSAF 2.0 6.1.33)", fault.Quote(product), before)
			}
			s.labels[product] = label
		}
	}
	return nil
}

// productsOf gives the products that a value names itself and by groups, each
// once (6.1.1, 6.1.4).
func (r *csafReader) productsOf(path string, value any) ([]string, error) {
	var list []string
	known := map[string]bool{}
	add := func(ids []string) {
		for _, id := range ids {
			if !known[id] {
				known[id], list = true, append(list, id)
			}
		}
	}
	for i, id := range textsAt(value, "product_ids") {
		if _, ok := r.tree.products[id]; !ok {
			return nil, undefined(path+"/product_ids/"+strconv.Itoa(i), id)
		}
	}
	add(textsAt(value, "product_ids"))
	for i, id := range textsAt(value, "group_ids") {
		group, ok := r.tree.groups[id]
		if !ok {
			return nil, wrong(path+"/group_ids/"+strconv.Itoa(i), "group %s is nowhere defined (CSAF 2.0 6.1.4)", fault.Quote(id))
		}
		if err := r.spend(path, 16*len(group)); err != nil {
			return nil, err
		}
		add(group)
	}
	return list, nil
}

func undefined(path, id string) error {
	return wrong(path, "product %s is nowhere defined (CSAF 2.0 6.1.1)", fault.Quote(id))
}
