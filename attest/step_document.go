package attest

import (
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
)

// document names the fields that are hints by specification.
func (c *chain) document() (State, string, error) {
	if c.entity == nil {
		switch n := len(c.doc.envelope.signatures); {
		case n == 0:
			return "", "", errors.New("the envelope has no signature")
		case n > maxSignatures:
			return "", "", fmt.Errorf("%d signatures, more than %d", n, maxSignatures)
		}
		c.loose = append(c.loose, c.doc.envelope.loose...)
		return Held, c.doc.Form, nil
	}
	c.loosen("mediaType")
	if c.doc.bundle.GetDsseEnvelope() != nil {
		c.loosen("dsseEnvelope.signatures[0].keyid")
	}
	switch m := c.doc.bundle.GetVerificationMaterial().GetContent().(type) {
	case *protobundle.VerificationMaterial_PublicKey:
		c.loosen("verificationMaterial.publicKey.hint")
	case *protobundle.VerificationMaterial_X509CertificateChain:
		for i := range m.X509CertificateChain.GetCertificates()[1:] {
			c.loosen("verificationMaterial.x509CertificateChain.certificates[%d]", i+1)
		}
	}
	return Held, c.doc.Form, nil
}
