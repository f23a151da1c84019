package server_test

import (
	"bytes"
	"errors"
	"testing"

	"stellad/hsm"
)

// TestBetweenBackends: a key that was wrapped in one module is the same key in another, under the same wrapping key, and
// nothing under another. RFC 5649 is all that they share.
func TestBetweenBackends(t *testing.T) {
	token, file := served(t, backends[0].open(t)), served(t, backends[2].open(t))
	value := bytes.Repeat([]byte{5}, hsm.WrapKeyLen)
	for _, c := range []*hsm.Client{token, file} {
		_, err := c.ImportWrapping(t.Context(), "shared", bytes.Clone(value))
		must(t, err)
		_, err = c.GenerateWrapping(t.Context(), "own")
		must(t, err)
	}
	for name, way := range map[string][2]*hsm.Client{"out": {token, file}, "in": {file, token}} {
		for _, a := range []hsm.Algorithm{hsm.ECDSAP256, hsm.ECDSAP384, hsm.Ed25519, hsm.RSA3072} {
			key, err := way[0].Generate(t.Context(), hsm.Template{Label: name + string(a), Algorithm: a, Custody: hsm.Escrowable})
			must(t, err)
			shared := hsm.Reference{Label: "shared"}
			wrapped, err := way[0].Wrap(t.Context(), shared, key.Reference(), hsm.KeyWrapPad)
			if a == hsm.Ed25519 && errors.Is(err, hsm.ErrNotPermitted) {
				t.Logf("LACKS wrapping of %s: %v", a, err) // SoftHSM 2.6.1
				continue
			}
			must(t, err)
			r := key.Reference()
			u := hsm.Unwrapping{With: hsm.Reference{Label: "own"}, Wrapped: wrapped, Mechanism: hsm.KeyWrapPad, Label: r.Label, ID: r.ID, Public: r.Public}
			if _, err := way[1].Unwrap(t.Context(), u); err == nil || errors.Is(err, hsm.ErrUnavailable) {
				t.Errorf("%s, %s: under another key: %v", name, a, err)
			}
			u.With = shared
			there, err := way[1].Unwrap(t.Context(), u)
			if a == hsm.Ed25519 && err != nil && !errors.Is(err, hsm.ErrUnavailable) {
				t.Logf("LACKS unwrapping of %s: %v", a, err)
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", name, a, err)
				continue
			}
			signs(t, there)
		}
	}
}
