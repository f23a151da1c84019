package daemon

import (
	"slices"
	"strings"

	"stellad/access"
	"stellad/api"
)

// catalogOf turns the API's methods into the permissions that a policy can speak of.
func catalogOf(methods []api.Method) access.Catalog {
	var all access.Catalog
	for _, m := range methods {
		p := access.Permission{Resource: m.Resource, Verb: m.Verb}
		at := slices.IndexFunc(all, func(o access.Operation) bool { return o.Permission == p })
		if at < 0 {
			at, all = len(all), append(all, access.Operation{Permission: p, Anyone: true})
		}
		o := &all[at]
		o.Anyone = o.Anyone && m.Anyone // as guarded as the most guarded method that asks for it
		o.Methods = append(o.Methods, strings.TrimPrefix(m.Name, "/"))
		for _, s := range m.Sockets {
			if !slices.Contains(o.Sockets, s) {
				o.Sockets = append(o.Sockets, s)
			}
		}
	}
	return all
}

// Catalog returns every permission of this release.
func Catalog() (access.Catalog, error) {
	methods, err := api.Methods()
	if err != nil {
		return nil, err
	}
	return catalogOf(methods), nil
}

func (d *Daemon) exists(want access.Permission) bool {
	return slices.ContainsFunc(d.catalog, func(o access.Operation) bool { return o.Permission == want })
}
