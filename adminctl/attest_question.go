package main

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/trust"
)

// questionOf puts what is expected into the API's words.
func questionOf(want attest.Expect) (*stellav1.VerifyRequest, error) {
	req := &stellav1.VerifyRequest{Artifact: artifactMessage(want.Artifact), PredicateType: want.PredicateType}
	for _, s := range want.Signers {
		m, err := signerMessage(s)
		if err != nil {
			return nil, err
		}
		req.Signers = append(req.Signers, m)
	}
	return req, nil
}

func artifactMessage(a *attest.Artifact) *stellav1.Artifact {
	if a == nil {
		return nil
	}
	m := &stellav1.Artifact{Name: a.Name, Kind: a.Kind}
	if a.Flaw != nil {
		m.Flaw = a.Flaw.Error()
	}
	for i, d := range a.Any {
		digests := &stellav1.Digests{Sha256: d[crypto.SHA256], Sha384: d[crypto.SHA384], Sha512: d[crypto.SHA512]}
		if i < len(a.Kinds) {
			digests.Kind = a.Kinds[i]
		}
		m.Any = append(m.Any, digests)
	}
	return m
}

func signerMessage(s *trust.Signer) (*stellav1.Signer, error) {
	m := &stellav1.Signer{
		Identity: s.Identity.Exact, IdentityRegexp: pattern(s.Identity),
		Issuer: s.Issuer.Exact, IssuerRegexp: pattern(s.Issuer),
	}
	for _, k := range s.Keys {
		spki, err := x509.MarshalPKIXPublicKey(k.Public)
		if err != nil {
			return nil, err
		}
		m.Keys = append(m.Keys, &stellav1.Key{Name: k.Name, Pem: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})})
	}
	return m, nil
}

func pattern(m trust.Match) string {
	if m.Pattern == nil {
		return ""
	}
	return m.Pattern.String()
}
