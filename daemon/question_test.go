package daemon

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/rpc"
)

// publicKey is the nth of many, in PEM.
func publicKey(t testing.TB, n byte) []byte {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
}

// keys are one signer's, n of them.
func trustedKeys(t testing.TB, n int) *stellav1.Signer {
	t.Helper()
	s := &stellav1.Signer{}
	for i := range n {
		s.Keys = append(s.Keys, &stellav1.Key{Name: fmt.Sprint(i), Pem: publicKey(t, byte(i))})
	}
	return s
}

// identity is a signer by certificate.
func identity() *stellav1.Signer { return &stellav1.Signer{Identity: "who", Issuer: "by whom"} }

// about is an artifact of so many digests.
func about(n int) *stellav1.Artifact {
	return &stellav1.Artifact{Any: slices.Repeat([]*stellav1.Digests{{Sha256: make([]byte, 32)}}, n)}
}

// asked gives what is expected of a request, or why nothing can be.
func asked(req *stellav1.VerifyRequest) error {
	q, err := questionOf(req)
	if err == nil {
		_, err = q.Expect()
	}
	return err
}

// TestQuestionLimits: for each field, the most that it may hold, and why more is refused.
func TestQuestionLimits(t *testing.T) {
	long, text := strings.Repeat("x", 1025), []byte("{}")
	digests := func(d *stellav1.Digests) *stellav1.VerifyRequest {
		return &stellav1.VerifyRequest{Document: text, Artifact: &stellav1.Artifact{Any: []*stellav1.Digests{{Sha256: make([]byte, 32)}, d}}}
	}
	signers := func(s ...*stellav1.Signer) *stellav1.VerifyRequest {
		return &stellav1.VerifyRequest{Document: text, Signers: s}
	}
	key := func(pem []byte) *stellav1.VerifyRequest {
		return signers(&stellav1.Signer{Keys: []*stellav1.Key{{Name: "k", Pem: pem}}})
	}
	one := publicKey(t, 1)
	for _, c := range []struct {
		name  string
		req   *stellav1.VerifyRequest
		wants string // in the reason; "" for none
	}{
		{"a document", &stellav1.VerifyRequest{Document: text}, ""},
		{"nothing", nil, "document is empty"},
		{"no document", &stellav1.VerifyRequest{Artifact: about(1), Signers: []*stellav1.Signer{identity()}}, "document is empty"},

		{"1024 digests", &stellav1.VerifyRequest{Document: text, Artifact: about(1024)}, ""},
		{"1025 digests", &stellav1.VerifyRequest{Document: text, Artifact: about(1025)}, "artifact.any: more than 1024"},
		{"an artifact without digests", &stellav1.VerifyRequest{Document: text, Artifact: about(0)}, "artifact has no digests"},
		{"a name alone", &stellav1.VerifyRequest{Document: text, Artifact: &stellav1.Artifact{Name: "x", Kind: "file"}}, "artifact has no digests"},
		{"a flaw alone", &stellav1.VerifyRequest{Document: text, Artifact: &stellav1.Artifact{Flaw: "x"}}, ""},
		{"all digests", digests(&stellav1.Digests{Sha256: make([]byte, 32), Sha384: make([]byte, 48), Sha512: make([]byte, 64)}), ""},
		{"none of the digests", digests(&stellav1.Digests{Kind: "x"}), "artifact.any[1] has no digest"},
		{"an absent one", digests(nil), "artifact.any[1] has no digest"},
		{"a short one", digests(&stellav1.Digests{Sha256: make([]byte, 31)}), "artifact.any[1]: a SHA-256 digest has 32 bytes, not 31"},
		{"a long one", digests(&stellav1.Digests{Sha384: make([]byte, 49)}), "artifact.any[1]: a SHA-384 digest has 48 bytes, not 49"},
		{"one in hex", digests(&stellav1.Digests{Sha512: make([]byte, 128)}), "artifact.any[1]: a SHA-512 digest has 64 bytes, not 128"},
		{"a good and a bad one", digests(&stellav1.Digests{Sha256: make([]byte, 32), Sha512: make([]byte, 1)}), "artifact.any[1]: a SHA-512 digest"},

		{"16 signers", signers(slices.Repeat([]*stellav1.Signer{identity()}, 16)...), ""},
		{"17 signers", signers(slices.Repeat([]*stellav1.Signer{identity()}, 17)...), "more than 16 signers"},
		{"an empty signer", signers(identity(), &stellav1.Signer{}), "signers[1]: bad request: a signer is keys, or an identity and its issuer"},
		{"an absent signer", signers(nil), "signers[0]: bad request: a signer is"},
		{"an identity alone", signers(&stellav1.Signer{Identity: "x"}), "a signer is"},
		{"an issuer alone", signers(&stellav1.Signer{IssuerRegexp: "x"}), "a signer is"},
		{"two identities", signers(&stellav1.Signer{Identity: "x", IdentityRegexp: "y"}), "a signer is"},
		{"a key and an identity", signers(&stellav1.Signer{Identity: "x", Keys: trustedKeys(t, 1).GetKeys()}), "a signer is"},
		{"a key and all", signers(&stellav1.Signer{Identity: "x", Issuer: "y", Keys: trustedKeys(t, 1).GetKeys()}), "a signer is"},
		{"a pattern and more", signers(&stellav1.Signer{Identity: "x", IdentityRegexp: "y", Issuer: "z", IssuerRegexp: "^"}), ""},
		{"patterns of 1024 bytes", signers(&stellav1.Signer{IdentityRegexp: long[1:], IssuerRegexp: long[1:]}), ""},
		{"a long pattern", signers(&stellav1.Signer{IdentityRegexp: long, Issuer: "x"}), "identity_regexp is longer than 1024 bytes"},
		{"another", signers(&stellav1.Signer{Identity: "x", IssuerRegexp: long}), "issuer_regexp is longer than 1024 bytes"},
		{"no pattern", signers(&stellav1.Signer{IdentityRegexp: "(", Issuer: "x"}), "identity_regexp: error parsing"},
		{"a pattern that would grow", signers(&stellav1.Signer{IdentityRegexp: "((a{100}){100}){100}", Issuer: "x"}), "identity_regexp: error parsing"},
		{"no issuer's pattern", signers(&stellav1.Signer{Identity: "x", IssuerRegexp: "*"}), "issuer_regexp: error parsing"},

		{"16 keys", signers(trustedKeys(t, 16)), ""},
		{"17 keys", signers(trustedKeys(t, 17)), "signers have more than 16 keys"},
		{"17 keys of two signers", signers(trustedKeys(t, 16), trustedKeys(t, 1)), "signers have more than 16 keys"},
		{"a key of 4096 bytes", key(append(bytes.Repeat([]byte("\n"), 4096-len(one)), one...)), ""},
		{"a long key", key(append(bytes.Repeat([]byte("\n"), 4097-len(one)), one...)), "signers[0].keys[0] is longer than 4096 bytes"},
		{"two in one", key(append(slices.Clone(one), publicKey(t, 2)...)), "k: it holds 2 keys; give each by itself"},
		{"no key", key(nil), "k: no PEM public key in it"},
		{"an absent key", signers(&stellav1.Signer{Keys: []*stellav1.Key{nil}}), "no PEM public key in it"},
		{"no PEM", key([]byte("x")), "k: no PEM public key in it"},
		{"a private key", key(bytes.ReplaceAll(one, []byte("PUBLIC"), []byte("PRIVATE"))), "is not a public key"},
		{"a broken key", key(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}})), "k: key 1: "},
	} {
		err := asked(c.req)
		if c.wants == "" && err != nil || c.wants != "" && (err == nil || !strings.Contains(err.Error(), c.wants)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.wants)
		}
		if _, fault := rpc.StatusOf(err, ""); err != nil && fault {
			t.Errorf("%s: %v is told as a fault of the daemon's", c.name, err)
		}
	}
}

// TestConditions: what a verdict is remembered by changes with all that is asked but the document, which goes in beside
// it, and whether to explain, which does not change a verdict.
func TestConditions(t *testing.T) {
	full := func() *stellav1.VerifyRequest {
		return &stellav1.VerifyRequest{
			Document:      []byte("{}"),
			Artifact:      &stellav1.Artifact{Name: "a", Kind: "file", Any: []*stellav1.Digests{{Sha256: make([]byte, 32), Kind: "x"}}},
			PredicateType: "p", Signers: []*stellav1.Signer{identity(), trustedKeys(t, 2)},
		}
	}
	conditions := func(req *stellav1.VerifyRequest) string {
		q, err := questionOf(req)
		if err != nil {
			t.Fatal(err)
		}
		return string(q.Conditions)
	}
	same := full()
	same.Document, same.Explain = []byte("other"), true
	if conditions(same) != conditions(full()) {
		t.Error("the document or explain is part of the conditions")
	}
	seen := map[string]int{conditions(full()): -1}
	for i, change := range []func(*stellav1.VerifyRequest){
		func(r *stellav1.VerifyRequest) { r.Artifact = nil },
		func(r *stellav1.VerifyRequest) { r.Artifact = &stellav1.Artifact{} },
		func(r *stellav1.VerifyRequest) { r.Artifact.Name = "b" },
		func(r *stellav1.VerifyRequest) { r.Artifact.Kind = "" },
		func(r *stellav1.VerifyRequest) { r.Artifact.Flaw = "f" },
		func(r *stellav1.VerifyRequest) { r.Artifact.Any = nil },
		func(r *stellav1.VerifyRequest) { r.Artifact.Any[0].Sha256[31] ^= 1 },
		func(r *stellav1.VerifyRequest) { r.Artifact.Any[0].Sha512 = make([]byte, 64) },
		func(r *stellav1.VerifyRequest) { r.Artifact.Any[0].Kind = "y" },
		func(r *stellav1.VerifyRequest) { r.Artifact.Any = append(r.Artifact.Any, r.Artifact.Any[0]) },
		func(r *stellav1.VerifyRequest) { r.PredicateType = "" },
		func(r *stellav1.VerifyRequest) { r.PredicateType, r.Artifact.Kind = "", "filep" },
		func(r *stellav1.VerifyRequest) { r.Signers = nil },
		func(r *stellav1.VerifyRequest) { r.Signers = r.Signers[:1] },
		func(r *stellav1.VerifyRequest) { slices.Reverse(r.Signers) },
		func(r *stellav1.VerifyRequest) { r.Signers[0].Identity, r.Signers[0].IdentityRegexp = "", "who" },
		func(r *stellav1.VerifyRequest) { r.Signers[0].Issuer = "by others" },
		func(r *stellav1.VerifyRequest) { r.Signers[0].IssuerRegexp = "x" },
		func(r *stellav1.VerifyRequest) { r.Signers[1].Keys[0].Name = "x" },
		func(r *stellav1.VerifyRequest) { r.Signers[1].Keys[0].Pem = publicKey(t, 9) },
		func(r *stellav1.VerifyRequest) { r.Signers[1].Keys = r.Signers[1].Keys[:1] },
	} {
		req := full()
		change(req)
		c := conditions(req)
		if first, again := seen[c]; again {
			t.Errorf("changes %d and %d have the same conditions", first, i)
		}
		seen[c] = i
	}
}
