package attest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"stellad/attest/trust"
)

var errNoSigner = errors.New("no accepted signer")

// signer finds an accepted signer whose every demand is met. Of several that
// match, one is enough.
func (c *chain) signer() (State, string, error) {
	if c.entity.leaf != nil {
		return c.identity()
	}
	return c.key()
}

func (c *chain) identity() (State, string, error) {
	san, issuer := c.summary.SubjectAlternativeName, c.summary.Issuer
	fingerprint := sha256.Sum256(c.entity.leaf.Raw)
	ref := &SignerRef{Identity: san, Issuer: issuer, Certificate: hex.EncodeToString(fingerprint[:])}
	c.established.Signer = ref
	var reason error
	for _, s := range c.want.Signers {
		if !s.Identity.Matches(san) || !s.Issuer.Matches(issuer) {
			continue
		}
		if err := c.meets(s, 1); err != nil {
			reason = cmp.Or(reason, err)
			continue
		}
		ref.Name = s.Name
		return Held, fmt.Sprintf("%s, vouched for by %s%s", san, issuer, accepted(s)), nil
	}
	if reason != nil {
		return "", "", reason
	}
	return "", "", fmt.Errorf("%w: the certificate is of %q, vouched for by %q; to accept it, add to signers.toml a [[signer]] with identity = %q and issuer = %q, or give --certificate-identity and --certificate-oidc-issuer",
		errNoSigner, san, issuer, san, issuer)
}

func (c *chain) key() (State, string, error) {
	c.established.Signer = &SignerRef{Keys: keyRefs(c.keys)}
	if err := c.holdToSpans(); err != nil {
		return "", "", err
	}
	c.established.Signer.Keys = keyRefs(c.keys)
	var reason error
	for _, s := range c.want.Signers {
		if !hasAny(s, c.keys) {
			continue
		}
		if err := c.meets(s, c.countKeys()); err != nil {
			reason = cmp.Or(reason, err)
			continue
		}
		c.established.Signer.Name = s.Name
		return Held, strings.Join(keyNames(c.keys), ", ") + accepted(s), nil
	}
	return "", "", cmp.Or(reason, errNoSigner)
}

// holdToSpans leaves of the keys that signed those whose span in the trust root
// permits it, whoever named the key; where none is left, it says why. What counts is
// the earliest proven time: each of them shows that the signature is no younger.
func (c *chain) holdToSpans() error {
	var at time.Time
	for _, t := range c.established.Times {
		if at.IsZero() || t.Time.Before(at) {
			at = t.Time
		}
	}
	var reason error
	var stand []*trust.Key
	unknown := false // whether a key that stands is compromised
	for _, k := range c.keys {
		span := c.verifier.trust.Span(k.ID)
		if err := span.Permits(at); err != nil {
			reason = cmp.Or(reason, fmt.Errorf("key %s: %w", k.Name, err))
			c.lack(fmt.Sprintf("a signature by key %s: %s", k.Name, oneLine(err)))
			continue
		}
		stand = append(stand, k)
		if unknown = unknown || span.Compromised.IsZero(); !span.Compromised.IsZero() {
			c.lack(fmt.Sprintf("that key %s is still its holder's alone: it is compromised from %s on, and this signature is proven to be older",
				k.Name, span.Compromised.Format(time.RFC3339)))
		}
	}
	if len(stand) == 0 {
		return reason
	}
	if unknown {
		c.lack("nothing about whether the key was compromised, then or since")
	}
	c.keys, c.established.Signatures = stand, len(stand)
	return nil
}

// countKeys counts the distinct keys that signed and that some signer may use
// for this predicate type.
func (c *chain) countKeys() int {
	n := 0
	for _, k := range c.keys {
		for _, s := range c.want.Signers {
			if containsKey(s.Keys, k) && s.Accepts(c.established.PredicateType) {
				n++
				break
			}
		}
	}
	return n
}

// meets holds what was established to what one signer must bring.
func (c *chain) meets(s *trust.Signer, keys int) error {
	if !s.Accepts(c.established.PredicateType) {
		if c.established.PredicateType == "" {
			return fmt.Errorf("%s is accepted for %s, not for message signatures", called(s), strings.Join(s.PredicateTypes, ", "))
		}
		return fmt.Errorf("%s is accepted for %s, not for %s", called(s), strings.Join(s.PredicateTypes, ", "), c.established.PredicateType)
	}
	for _, need := range []struct {
		what       string
		need, have int
	}{
		{"signatures", s.Needs.Signatures, keys},
		{"log entries", c.neededEntries(s), c.distinctLogs()},
		{"proven times", max(0, s.Needs.Timestamps), c.distinctObservers()},
	} {
		if need.have < need.need {
			return fmt.Errorf("%s needs %d %s, %d proven", called(s), need.need, need.what, need.have)
		}
	}
	return nil
}

// neededEntries asks, where nobody said, for one log entry wherever the trust
// root knows a log: a key's bundle can't be taken out of the log's sight by
// choosing a trusted root without one. A bare envelope can carry none.
func (c *chain) neededEntries(s *trust.Signer) int {
	switch {
	case s.Needs.LogEntries != trust.Unset:
		return s.Needs.LogEntries
	case c.entity == nil:
		return 0
	case c.entity.leaf == nil && c.verifier.anyLogs, len(c.root.RekorLogs()) > 0:
		return 1
	}
	return 0
}

func (c *chain) distinctLogs() int {
	logs := map[string]bool{}
	for _, l := range c.established.Logs {
		logs[l.KeyID] = true
	}
	return len(logs)
}

func (c *chain) distinctObservers() int {
	observers := map[string]bool{}
	for _, t := range c.established.Times {
		observers[t.Kind+t.By] = true
	}
	return len(observers)
}

func called(s *trust.Signer) string {
	if s.Name != "" {
		return fmt.Sprintf("signer %q (%s)", s.Name, s.Where)
	}
	return fmt.Sprintf("the signer of %s", s.Where)
}

func accepted(s *trust.Signer) string {
	if s.Name != "" {
		return fmt.Sprintf(", accepted as %q by %s", s.Name, s.Where)
	}
	return ", accepted by " + s.Where
}

func keyNames(keys []*trust.Key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = "key " + k.Name
	}
	return names
}

func hasAny(s *trust.Signer, keys []*trust.Key) bool {
	for _, k := range keys {
		if containsKey(s.Keys, k) {
			return true
		}
	}
	return false
}

func keyRefs(keys []*trust.Key) []KeyRef {
	refs := make([]KeyRef, len(keys))
	for i, k := range keys {
		refs[i] = KeyRef{Name: k.Name, SHA256: k.ID}
	}
	return refs
}
