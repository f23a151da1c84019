package trust

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// fill makes one [[signer]] table into who it means.
func (t *Trust) fill(s *Signer, table signerTable, folder string) error {
	for _, p := range table.PredicateTypes {
		if p == "" {
			return errors.New("predicate-types has an empty one; leave the key out to accept any")
		}
	}
	if table.PredicateTypes != nil && len(table.PredicateTypes) == 0 {
		return errors.New("predicate-types is empty; leave the key out to accept any")
	}
	byCertificate := table.Identity != "" || table.IdentityRegexp != "" || table.Issuer != "" || table.IssuerRegexp != ""
	switch {
	case table.Key != "" && byCertificate:
		return errors.New("a signer is a key or an identity, not both; write two [[signer]] tables")
	case table.Key != "":
		return t.fillKey(s, path.Join(folder, table.Key))
	}
	return fillIdentity(s, table)
}

// fillKey finds the key by its file. Every key is validated by then.
func (t *Trust) fillKey(s *Signer, name string) error {
	for _, k := range t.Keys {
		if k.Name == name {
			s.Keys = append(s.Keys, k)
		}
	}
	if len(s.Keys) == 0 {
		return fmt.Errorf("key %q is not in this trust root; name a file beside signers.toml, such as keys/release.pem", name)
	}
	return nil
}

func fillIdentity(s *Signer, table signerTable) (err error) {
	if s.Identity, err = match("identity", table.Identity, table.IdentityRegexp); err != nil {
		return err
	}
	s.Issuer, err = match("issuer", table.Issuer, table.IssuerRegexp)
	return err
}

// match demands anchors: a pattern without them accepts whoever can have a
// longer name made out to them.
func match(field, exact, pattern string) (Match, error) {
	switch {
	case exact == "" && pattern == "":
		return Match{}, fmt.Errorf("%s is missing: a signer has a key, or both an identity and an issuer", field)
	case exact != "" && pattern != "":
		return Match{}, fmt.Errorf("%s and %s-regexp are both given; keep one", field, field)
	case exact != "":
		return Match{Exact: exact}, nil
	case !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$"):
		return Match{}, fmt.Errorf("%s-regexp %q must start with ^ and end with $", field, pattern)
	}
	// Wrapped, because ^a|b$ has both anchors and is anchored at neither end.
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return Match{}, fmt.Errorf("%s-regexp: %w", field, err)
	}
	return Match{Pattern: re}, nil
}
