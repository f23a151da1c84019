package daemon

import (
	"errors"
	"slices"

	"stellad/daemon/verdicts"
	"stellad/hsm"
	"stellad/keys"
	"stellad/policy/signature"
)

// bundleType is what a signer of the trust root must name among its predicate types to sign policy bundles: a signer that
// is accepted for anything is not accepted for what decides.
const bundleType = "tag:stella,2026:policy-bundle/v1"

// policySigners are those whose bundles are taken in: the active keys for policies, and signers of the trust root that are
// accepted for bundles by name.
func (d *Daemon) policySigners() (all []signature.Key, err error) {
	if s := d.signs.Load(); s != nil {
		active, err := s.Active(keys.Policy)
		if err != nil {
			return nil, err
		}
		for _, e := range active {
			public, err := hsm.ParsePublic(e.Public)
			if err != nil {
				return nil, err
			}
			all = append(all, signature.Key{Name: e.Label, Public: public})
		}
	}
	root, _, err := d.judge.InForce()
	switch {
	case errors.Is(err, verdicts.ErrNoTrust):
		return all, nil
	case err != nil:
		return nil, err
	}
	for _, s := range root.Signers {
		if slices.Contains(s.PredicateTypes, bundleType) {
			for _, k := range s.Keys {
				all = append(all, signature.Key{Name: "key:" + k.Name, Public: k.Public})
			}
		}
	}
	return all, nil
}
