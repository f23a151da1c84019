package publish

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"stellad/attest/trust"
)

func (a Appliance) keyFiles() ([]trust.File, error) {
	var files []trust.File
	for _, k := range a.Keys {
		der, err := x509.MarshalPKIXPublicKey(k.Public)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", k.Label, err)
		}
		files = append(files, trust.File{Name: "keys/" + k.Label + ".pem", Bytes: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})})
	}
	return files, nil
}

// signers writes the signers.toml: who is accepted, then what is known of the keys'
// times. A label needs no quoting.
func (a Appliance) signers() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What %s signs with. Published by the appliance: changes here are lost.\n", a.Name)
	for _, k := range a.Keys {
		fmt.Fprintf(&b, "\n[[signer]]\nname = \"%s %s\"\nkey = \"keys/%s.pem\"\n", a.Name, k.Label, k.Label)
	}
	for _, k := range a.Keys {
		fmt.Fprintf(&b, "\n[[key]]\nfile = \"keys/%s.pem\"\n", k.Label)
		for _, bound := range []struct {
			name string
			at   time.Time
		}{{"valid-from", k.Span.From}, {"valid-until", k.Span.Until}, {"compromised-from", k.Span.Compromised}} {
			if !bound.at.IsZero() {
				fmt.Fprintf(&b, "%s = \"%s\"\n", bound.name, bound.at.Format(time.RFC3339))
			}
		}
	}
	return b.Bytes()
}
