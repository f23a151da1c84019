package attest_test

import (
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"stellad/attest"
)

// peerVerifies asks sigstore-go's own verifier, unwrapped, for no less than what
// a verdict says was established. This package may refuse more; never accept more.
func (f fixture) peerVerifies(text []byte, v *attest.Verdict) error {
	var b bundle.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return err
	}
	trusted, err := root.NewTrustedRootFromJSON(f.root)
	if err != nil {
		return err
	}
	verifier, err := verify.NewVerifier(root.TrustedMaterialCollection{f.peerKeys(), trusted}, peerOptions(trusted, v)...)
	if err != nil {
		return err
	}
	artifact := verify.WithoutArtifactUnsafe()
	if m := b.GetMessageSignature(); m != nil {
		artifact = verify.WithArtifactDigest("sha256", m.GetMessageDigest().GetDigest())
	}
	_, err = verifier.Verify(&b, verify.NewPolicy(artifact, f.peerPolicy()))
	return err
}

func (f fixture) peerKeys() root.TrustedMaterial {
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		verifier, err := signature.LoadDefaultVerifier(f.want.Signers[0].Keys[0].Public)
		return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), err
	})
}

func (f fixture) peerPolicy() verify.PolicyOption {
	s := f.want.Signers[0]
	if len(s.Keys) > 0 {
		return verify.WithKey()
	}
	id, err := verify.NewShortCertificateIdentity(s.Issuer.Exact, "", s.Identity.Exact, "")
	if err != nil {
		panic(err)
	}
	return verify.WithCertificateIdentity(id)
}

func peerOptions(trusted *root.TrustedRoot, v *attest.Verdict) []verify.VerifierOption {
	options := []verify.VerifierOption{}
	if len(v.Established.Logs) > 0 {
		options = append(options, verify.WithTransparencyLog(len(v.Established.Logs)))
	}
	if len(v.Established.Times) > 0 {
		options = append(options, verify.WithObserverTimestamps(len(v.Established.Times)))
	} else {
		options = append(options, verify.WithNoObserverTimestamps())
	}
	if len(trusted.CTLogs()) > 0 && v.Established.Signer.Identity != "" {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	return options
}
