package document

import "stellad/sbom/strictxml"

// signatureStart takes in XML-DSig's elements (XML Signature §4): what they say
// of the signature that they stand in.
func (x *xmlReader) signatureStart(t strictxml.Token) {
	if t.Name.Space != dsigSpace {
		return
	}
	if x.sig == nil {
		if t.Name.Local == "Signature" {
			x.sig, x.sigAt = &Signature{Kind: XMLDSig, Where: x.where()}, len(x.open)
		}
		return
	}
	switch t.Name.Local {
	case "SignatureMethod":
		if x.sig.Algorithm == "" {
			x.sig.Algorithm = attribute(t, "Algorithm")
		}
	case "KeyValue":
		x.sig.EmbeddedKey = true
	case "X509Data":
		x.sig.Certificates = true
	}
}

func (x *xmlReader) signatureEnd(text string) {
	switch {
	case x.sig == nil:
	case len(x.open) == x.sigAt:
		x.doc.addSignature(*x.sig)
		x.sig = nil
	case x.top().local == "KeyName" && x.sig.KeyID == "":
		x.sig.KeyID = text
	}
}
