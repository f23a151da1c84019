package attest_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/trust"
)

// TestMessageDigest: what a bundle says of the artifact's digest is a hint; the
// signature tells by which hash it was signed.
func TestMessageDigest(t *testing.T) {
	s, content := newP256(t, "k.pem"), []byte("the artifact")
	short, long := sha256.Sum256(content), sha512.Sum512(content)
	sig, err := s.private.Sign(rand.Reader, short[:], crypto.SHA256)
	must(t, err)
	bundle := func(algorithm string, digest []byte) []byte {
		std := base64.StdEncoding.EncodeToString
		return fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":""}},"messageSignature":{"messageDigest":{"algorithm":%q,"digest":%q},"signature":%q}}`,
			algorithm, std(digest), std(sig))
	}
	file := &attest.Artifact{Name: "a", Kind: "file", Any: []attest.Digests{{crypto.SHA256: short[:], crypto.SHA512: long[:]}}}
	only := &attest.Artifact{Kind: "digest given", Any: []attest.Digests{{crypto.SHA512: long[:]}}}
	other := &attest.Artifact{Name: "b", Kind: "file", Any: []attest.Digests{{crypto.SHA256: make([]byte, 32), crypto.SHA512: make([]byte, 64)}}}
	flawed := &attest.Artifact{Name: "i", Kind: "image", Flaw: errors.New("a layer is not what it says")}
	for name, c := range map[string]struct {
		bundle   []byte
		artifact *attest.Artifact
		reason   string // "" where it verifies
		loose    bool
	}{
		"the hash that was signed":          {bundle("SHA2_256", short[:]), file, "", false},
		"no artifact":                       {bundle("SHA2_256", short[:]), nil, "", false},
		"another hash of the same":          {bundle("SHA2_512", long[:]), file, "", true},
		"another hash, and only that":       {bundle("SHA2_512", long[:]), only, "give the artifact itself", false},
		"another hash, and no artifact":     {bundle("SHA2_512", long[:]), nil, "give the artifact itself", false},
		"another artifact":                  {bundle("SHA2_256", short[:]), other, "it is over sha256:", false},
		"another artifact's digest":         {bundle("SHA2_256", make([]byte, 32)), other, "signature", false},
		"a digest of the wrong length":      {bundle("SHA2_256", long[:]), file, "64 bytes", false},
		"an empty digest":                   {bundle("SHA2_256", nil), file, "0 bytes", false},
		"no hash":                           {bundle("HASH_ALGORITHM_UNSPECIFIED", short[:]), file, "not by SHA-2", false},
		"an image that is not what it says": {bundle("SHA2_256", short[:]), flawed, "artifact: i: a layer is not what it says", false},
	} {
		want := accepting(trust.DefaultNeeds, s)
		want.Artifact = c.artifact
		v := verifyText(t, c.bundle, want)
		if v.Verified != (c.reason == "") || !strings.Contains(v.Reason, c.reason) {
			t.Errorf("%s: verified %v: %s", name, v.Verified, v.Reason)
		}
		if namesPath(v.NotAuthenticated, "messageSignature.messageDigest") != c.loose {
			t.Errorf("%s: not authenticated: %q", name, v.NotAuthenticated)
		}
		if v.Verified && c.artifact != nil && (v.Established.Artifact.Algorithm != "sha256" || v.Established.Artifact.Digest != fmt.Sprintf("%x", short)) {
			t.Errorf("%s: signed as %+v", name, v.Established.Artifact)
		}
	}
}
