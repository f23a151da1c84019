package daemon

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"regexp"

	"google.golang.org/protobuf/proto"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/trust"
	"stellad/daemon/rpc"
	"stellad/daemon/verdicts"
)

// Limits on what a question may hold. A pattern is RE2, whose time is linear in pattern and text.
const (
	maxSigners = 16
	maxPattern = 1024
	maxDigests = 1024 // of an image's manifests
	maxKeys    = 16   // of all signers: each is tried on each signature, for up to 3 ms
	maxText    = 4096 // of a text that a verdict repeats, in bytes
	maxPEM     = 4096 // of a key, in bytes: RSA of 16384 bits has less, and more would be slower still
)

// questionOf checks what is cheap to check; the rest is done when the verdict is not remembered.
func questionOf(req *stellav1.VerifyRequest) (verdicts.Question, error) {
	digest, err := digestOf(req)
	if err != nil {
		return verdicts.Question{}, err
	}
	switch {
	case len(req.GetSigners()) > maxSigners:
		return verdicts.Question{}, fmt.Errorf("%w: more than %d signers", rpc.ErrBadRequest, maxSigners)
	case len(req.GetArtifact().GetAny()) > maxDigests:
		return verdicts.Question{}, fmt.Errorf("%w: artifact.any: more than %d", rpc.ErrBadRequest, maxDigests)
	}
	if err := textsFit(req); err != nil {
		return verdicts.Question{}, err
	}
	if err := keysFit(req.GetSigners()); err != nil {
		return verdicts.Question{}, err
	}
	conditions := &stellav1.VerifyRequest{Artifact: req.GetArtifact(), PredicateType: req.GetPredicateType(), Signers: req.GetSigners()}
	canonical, err := proto.MarshalOptions{Deterministic: true}.Marshal(conditions)
	if err != nil {
		return verdicts.Question{}, err
	}
	return verdicts.Question{
		Document: req.GetDocument(), Digest: digest, Conditions: canonical, Explain: req.GetExplain(),
		Expect: func() (attest.Expect, error) { return expectOf(req) },
	}, nil
}

// digestOf gives the digest that stands in for a document; zero where the document is there.
func digestOf(req *stellav1.VerifyRequest) (digest [sha256.Size]byte, err error) {
	document, stated := req.GetDocument(), req.GetDocumentSha256()
	switch {
	case len(document) > 0 && len(stated) > 0:
		return digest, fmt.Errorf("%w: document and document_sha256 are both given", rpc.ErrBadRequest)
	case len(document) > 0:
		return digest, nil
	case len(stated) == sha256.Size:
		return [sha256.Size]byte(stated), nil
	case len(stated) > 0:
		return digest, fmt.Errorf("%w: document_sha256 has %d bytes, not %d", rpc.ErrBadRequest, len(stated), sha256.Size)
	}
	return digest, fmt.Errorf("%w: document is empty", rpc.ErrBadRequest)
}

// textsFit bounds what a verdict that is remembered takes along.
func textsFit(req *stellav1.VerifyRequest) error {
	a := req.GetArtifact()
	for _, t := range []struct{ field, text string }{
		{"predicate_type", req.GetPredicateType()}, {"artifact.name", a.GetName()}, {"artifact.kind", a.GetKind()}, {"artifact.flaw", a.GetFlaw()},
	} {
		if len(t.text) > maxText {
			return fmt.Errorf("%w: %s is longer than %d bytes", rpc.ErrBadRequest, t.field, maxText)
		}
	}
	return nil
}

// keysFit bounds what one question may take of a turn at verifying.
func keysFit(signers []*stellav1.Signer) error {
	keys := 0
	for i, s := range signers {
		for j, k := range s.GetKeys() {
			if len(k.GetPem()) > maxPEM {
				return fmt.Errorf("%w: signers[%d].keys[%d] is longer than %d bytes", rpc.ErrBadRequest, i, j, maxPEM)
			}
		}
		if keys += len(s.GetKeys()); keys > maxKeys {
			return fmt.Errorf("%w: signers have more than %d keys", rpc.ErrBadRequest, maxKeys)
		}
	}
	return nil
}

func expectOf(req *stellav1.VerifyRequest) (attest.Expect, error) {
	artifact, err := artifactOf(req.GetArtifact())
	if err != nil {
		return attest.Expect{}, err
	}
	want := attest.Expect{Artifact: artifact, PredicateType: req.GetPredicateType()}
	for i, s := range req.GetSigners() {
		signer, err := signerOf(s)
		if err != nil {
			return attest.Expect{}, fmt.Errorf("signers[%d]: %w", i, err)
		}
		want.Signers = append(want.Signers, signer)
	}
	return want, nil
}

// artifactOf gives nil where none was named. One that is named has a digest, or a flaw.
func artifactOf(a *stellav1.Artifact) (*attest.Artifact, error) {
	if a == nil {
		return nil, nil
	}
	artifact := &attest.Artifact{Name: a.GetName(), Kind: a.GetKind()}
	if a.GetFlaw() != "" {
		artifact.Flaw = fmt.Errorf("%s", a.GetFlaw())
		return artifact, nil
	}
	for i, d := range a.GetAny() {
		digests := attest.Digests{}
		for hash, sum := range map[crypto.Hash][]byte{crypto.SHA256: d.GetSha256(), crypto.SHA384: d.GetSha384(), crypto.SHA512: d.GetSha512()} {
			switch len(sum) {
			case 0:
			case hash.Size():
				digests[hash] = sum
			default:
				return nil, fmt.Errorf("%w: artifact.any[%d]: a %s digest has %d bytes, not %d", rpc.ErrBadRequest, i, hash, hash.Size(), len(sum))
			}
		}
		if len(digests) == 0 {
			return nil, fmt.Errorf("%w: artifact.any[%d] has no digest", rpc.ErrBadRequest, i)
		}
		artifact.Any = append(artifact.Any, digests)
		if d.GetKind() != "" {
			artifact.Kinds = append(artifact.Kinds, d.GetKind())
		}
	}
	if len(artifact.Any) == 0 {
		return nil, fmt.Errorf("%w: artifact has no digests", rpc.ErrBadRequest)
	}
	return artifact, nil
}

func signerOf(s *stellav1.Signer) (*trust.Signer, error) {
	signer := &trust.Signer{Where: trust.Caller, Needs: trust.DefaultNeeds}
	byCertificate := s.GetIdentity()+s.GetIdentityRegexp() != "" && s.GetIssuer()+s.GetIssuerRegexp() != ""
	byKey := len(s.GetKeys()) > 0
	if byCertificate == byKey || byKey && s.GetIdentity()+s.GetIdentityRegexp()+s.GetIssuer()+s.GetIssuerRegexp() != "" {
		return nil, fmt.Errorf("%w: a signer is keys, or an identity and its issuer", rpc.ErrBadRequest)
	}
	for _, k := range s.GetKeys() {
		keys, err := trust.ParseKeys(k.GetName(), k.GetPem())
		if err != nil {
			return nil, fmt.Errorf("%w: %w", rpc.ErrBadRequest, err)
		}
		if len(keys) > 1 {
			return nil, fmt.Errorf("%w: %s: it holds %d keys; give each by itself", rpc.ErrBadRequest, k.GetName(), len(keys))
		}
		signer.Keys = append(signer.Keys, keys...)
	}
	var err error
	if signer.Identity, err = matchOf("identity_regexp", s.GetIdentity(), s.GetIdentityRegexp()); err != nil {
		return nil, err
	}
	signer.Issuer, err = matchOf("issuer_regexp", s.GetIssuer(), s.GetIssuerRegexp())
	return signer, err
}

func matchOf(field, exact, pattern string) (trust.Match, error) {
	m := trust.Match{Exact: exact}
	if pattern == "" {
		return m, nil
	}
	if len(pattern) > maxPattern {
		return m, fmt.Errorf("%w: %s is longer than %d bytes", rpc.ErrBadRequest, field, maxPattern)
	}
	var err error
	if m.Pattern, err = regexp.Compile(pattern); err != nil {
		return m, fmt.Errorf("%w: %s: %w", rpc.ErrBadRequest, field, err)
	}
	return m, nil
}
