package keys

import (
	"crypto/x509"
	"fmt"
	"time"

	"stellad/attest/publish"
	"stellad/hsm"
)

// Appliance is what others need to verify what the keys sign and signed. It can be published once there are keys for
// attestations, the log and timestamps.
func (r *Registry) Appliance() (publish.Appliance, error) {
	a := publish.Appliance{Name: r.name}
	all, err := r.List()
	if err != nil {
		return a, err
	}
	for _, e := range all {
		if e.From.IsZero() {
			continue // it has signed nothing yet
		}
		if err := add(&a, e); err != nil {
			return a, fmt.Errorf("key %s: %w", e.Label, err)
		}
	}
	// A later key of the log signs heads over entries of before it, and is valid for them.
	for i := range a.Logs {
		a.Logs[i].From = a.Logs[0].From
	}
	return a, nil
}

func add(a *publish.Appliance, e Entry) error {
	public, err := hsm.ParsePublic(e.Public)
	if err != nil {
		return err
	}
	span := e.Span()
	switch e.Role {
	case Attestation:
		a.Keys = append(a.Keys, publish.Key{Label: e.Label, Public: public, Span: span})
	case Audit:
		a.Audit = append(a.Audit, public)
	case Log:
		a.Logs = append(a.Logs, publish.Log{Public: public, From: span.From, Until: ended(span.Until, span.Compromised)})
	case Timestamp:
		leaf, root, err := e.Certificates()
		if err != nil {
			return err
		}
		a.Timestampers = append(a.Timestampers, publish.Timestamper{Leaf: leaf, Root: root, From: span.From, Until: ended(span.Until, span.Compromised)})
	}
	return nil
}

// ended is the earlier of two ends, of which a zero one is none.
func ended(until, compromised time.Time) time.Time {
	if until.IsZero() || !compromised.IsZero() && compromised.Before(until) {
		return compromised
	}
	return until
}

// Certificates returns those of a timestamping key: its own, and the root's.
func (e Entry) Certificates() (leaf, root *x509.Certificate, err error) {
	if len(e.Chain) != 2 {
		return nil, nil, fmt.Errorf("%w: %d certificates", ErrRole, len(e.Chain))
	}
	if leaf, err = x509.ParseCertificate(e.Chain[0]); err != nil {
		return nil, nil, err
	}
	root, err = x509.ParseCertificate(e.Chain[1])
	return leaf, root, err
}
