package attest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"

	"stellad/attest"
	"stellad/attest/trust"
)

// signer is a private key with its public half as a trusted key.
type signer struct {
	private crypto.Signer
	key     *trust.Key
}

func newSigner(t testing.TB, name string, private crypto.Signer) signer {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	must(t, err)
	keys, err := trust.ParseKeys(name, pemPublic(spki))
	must(t, err)
	return signer{private, keys[0]}
}

func newP256(t testing.TB, name string) signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return newSigner(t, name, k)
}

// sign signs a DSSE payload as its PAE.
func (s signer) sign(t testing.TB, kind string, payload []byte) string {
	t.Helper()
	message, hash := dsse.PAE(kind, payload), crypto.SHA256
	if _, ok := s.private.(ed25519.PrivateKey); ok {
		hash = 0
	} else {
		sum := sha256.Sum256(message)
		message = sum[:]
	}
	sig, err := s.private.Sign(rand.Reader, message, hash)
	must(t, err)
	return base64.StdEncoding.EncodeToString(sig)
}

const inToto = "application/vnd.in-toto+json"

func envelopeOf(t testing.TB, payload []byte, signers ...signer) []byte {
	t.Helper()
	type sig struct {
		KeyID string `json:"keyid"`
		Sig   string `json:"sig"`
	}
	var sigs []sig
	for _, s := range signers {
		sigs = append(sigs, sig{Sig: s.sign(t, inToto, payload)})
	}
	text, err := json.Marshal(map[string]any{"payloadType": inToto, "payload": base64.StdEncoding.EncodeToString(payload), "signatures": sigs})
	must(t, err)
	return text
}

func accepting(needs trust.Needs, signers ...signer) attest.Expect {
	var out []*trust.Signer
	for _, s := range signers {
		out = append(out, &trust.Signer{Where: "test", Keys: []*trust.Key{s.key}, Needs: needs})
	}
	return attest.Expect{Signers: out}
}

func verifyText(t testing.TB, text []byte, want attest.Expect) *attest.Verdict {
	t.Helper()
	docs, err := attest.Parse(text)
	must(t, err)
	return attest.NewVerifier(trust.None()).Verify(docs[0], want)
}

func TestEnvelopeKeys(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	for name, s := range map[string]signer{
		"P-256": newP256(t, "k.pem"), "Ed25519": newSigner(t, "k.pem", ed),
		"P-384 with SHA-256": newSigner(t, "k.pem", p384), "RSA": newSigner(t, "k.pem", rsaKey),
	} {
		t.Run(name, func(t *testing.T) {
			text := envelopeOf(t, statementOf(virtualDigest), s)
			want := accepting(trust.DefaultNeeds, s)
			want.Artifact = digestArtifact(t, virtualDigest)
			v := verifyText(t, text, want)
			if !v.Verified || v.Established.Artifact.Digest != virtualDigest || v.Established.Signer.Keys[0].SHA256 != s.key.ID {
				t.Fatalf("%+v", v)
			}
			if v := verifyText(t, text, accepting(trust.DefaultNeeds, newP256(t, "other.pem"))); v.Verified {
				t.Error("another key's signature verified")
			}
		})
	}
}

// TestEnvelopeThreshold: a threshold counts keys, not signatures.
func TestEnvelopeThreshold(t *testing.T) {
	a, b, stranger := newP256(t, "a.pem"), newP256(t, "b.pem"), newP256(t, "stranger.pem")
	two := trust.Needs{Signatures: 2, LogEntries: trust.Unset, Timestamps: trust.Unset}
	for _, c := range []struct {
		name    string
		by      []signer
		needs   trust.Needs
		ok      bool
		strange int
	}{
		{"two keys", []signer{a, b}, two, true, 0},
		{"one key twice", []signer{a, a}, two, false, 0},
		{"one key and a stranger", []signer{a, stranger}, two, false, 1},
		{"one of two is enough", []signer{stranger, b}, trust.DefaultNeeds, true, 1},
		{"strangers", []signer{stranger, stranger}, trust.DefaultNeeds, false, 2},
		{"nobody", nil, trust.DefaultNeeds, false, 0},
		{"a log entry is asked of an envelope", []signer{a}, trust.Needs{Signatures: 1, LogEntries: 1}, false, 0},
		{"a time is asked of an envelope", []signer{a}, trust.Needs{Signatures: 1, Timestamps: 1}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := verifyText(t, envelopeOf(t, statementOf(virtualDigest), c.by...), accepting(c.needs, a, b))
			if v.Verified != c.ok {
				t.Fatalf("verified %v: %s", v.Verified, v.Reason)
			}
			if n := strings.Count(strings.Join(v.NotAuthenticated, " "), ".sig"); n != c.strange {
				t.Errorf("%d signatures named as not authenticated, want %d: %q", n, c.strange, v.NotAuthenticated)
			}
		})
	}
}

// TestThresholdByPurpose: a key that signs other things does not count.
func TestThresholdByPurpose(t *testing.T) {
	a, b := newP256(t, "a.pem"), newP256(t, "b.pem")
	want := accepting(trust.Needs{Signatures: 2, LogEntries: trust.Unset, Timestamps: trust.Unset}, a, b)
	text := envelopeOf(t, statementOf(virtualDigest), a, b)
	if v := verifyText(t, text, want); !v.Verified {
		t.Fatal(v.Reason)
	}
	want.Signers[1].PredicateTypes = []string{"https://example.test/other"}
	if v := verifyText(t, text, want); v.Verified || !strings.Contains(v.Reason, "needs 2 signatures, 1 proven") {
		t.Errorf("verified %v: %s", v.Verified, v.Reason)
	}
}

// TestKeyBundleNeedsLog: a key's bundle without a log entry is refused wherever
// the trust root knows a log, though another trusted root in it knows none.
func TestKeyBundleNeedsLog(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	must(t, err)
	s := newP256(t, "k.pem")
	payload := statementOf(virtualDigest)
	text := []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"k"}},"dsseEnvelope":{"payloadType":"` +
		inToto + `","payload":"` + base64.StdEncoding.EncodeToString(payload) + `","signatures":[{"sig":"` + s.sign(t, inToto, payload) + `"}]}}`)
	docs, err := attest.Parse(text)
	must(t, err)
	for name, c := range map[string]struct {
		roots [][]byte
		ok    bool
	}{
		"no trusted root":              {nil, true},
		"a root without a log":         {[][]byte{withOnly(t, virtual, false)}, true},
		"a root with a log":            {[][]byte{withOnly(t, virtual, true)}, false},
		"one without and one with one": {[][]byte{withOnly(t, virtual, false), withOnly(t, virtual, true)}, false},
		"one with and one without one": {[][]byte{withOnly(t, virtual, true), withOnly(t, virtual, false)}, false},
	} {
		believed := trust.None()
		if c.roots != nil {
			believed = severalRoots(t, c.roots...)
		}
		v := attest.NewVerifier(believed).Verify(docs[0], accepting(trust.DefaultNeeds, s))
		if v.Verified != c.ok || !c.ok && !strings.Contains(v.Reason, "needs 1 log entries, 0 proven") {
			t.Errorf("%s: verified %v: %s", name, v.Verified, v.Reason)
		}
	}
}

// TestOneDocumentForAll: what one reader takes for the payload, all must.
func TestOneDocumentForAll(t *testing.T) {
	s := newP256(t, "k.pem")
	good := string(envelopeOf(t, statementOf(virtualDigest), s))
	for name, text := range map[string]string{
		"a payload in capitals":    strings.Replace(good, `"payload":`, `"Payload":"e30=","payload":`, 1),
		"a payload type":           strings.Replace(good, `"payloadType":`, `"payloadtype":"x","payloadType":`, 1),
		"signatures":               strings.Replace(good, `"signatures":`, `"Signatures":[],"signatures":`, 1),
		"a signature":              strings.Replace(good, `"sig":`, `"SIG":"AAAA","sig":`, 1),
		"a line end in the base64": strings.Replace(good, `"payload":"`, `"payload":"\n`, 1),
	} {
		if _, err := attest.Parse([]byte(text)); text == good || !errors.Is(err, attest.ErrNotBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := verifyText(t, []byte(strings.Replace(good, `"payload":`, `"extra":1,"payload":`, 1)), accepting(trust.DefaultNeeds, s))
	if !v.Verified || !namesPath(v.NotAuthenticated, "extra") {
		t.Errorf("a member that DSSE does not know: %+v", v)
	}
	twice := strings.Replace(string(statementOf(virtualDigest)), `"subject":`, `"Subject":[],"subject":`, 1)
	if v := verifyText(t, envelopeOf(t, []byte(twice), s), accepting(trust.DefaultNeeds, s)); v.Verified || !strings.Contains(v.Reason, "no in-toto statement") {
		t.Errorf("a statement with two subjects: %+v", v)
	}
}

// TestEnvelopeBytes changes each byte of an envelope.
func TestEnvelopeBytes(t *testing.T) {
	s := newP256(t, "k.pem")
	text := envelopeOf(t, statementOf(virtualDigest), s)
	want := accepting(trust.DefaultNeeds, s)
	whole := asJSON(verifyText(t, text, want).Established)
	for i := range text {
		for _, bit := range []byte{1, 4, 32} {
			changed := append([]byte{}, text...)
			changed[i] ^= bit
			docs, err := attest.Parse(changed)
			if err != nil {
				continue
			}
			v := attest.NewVerifier(trust.None()).Verify(docs[0], want)
			if v.Verified && asJSON(v.Established) != whole {
				t.Errorf("byte %d: verified as something else", i)
			}
		}
	}
}

func TestStatements(t *testing.T) {
	s := newP256(t, "k.pem")
	head := `"_type":"https://in-toto.io/Statement/v1","predicateType":"p"`
	for _, c := range []struct{ name, payload, reason string }{
		{"not JSON", `{`, "cut short"},
		{"two values", `{} {}`, "statement"},
		{"duplicate key", `{` + head + `,"predicateType":"q","subject":[{"digest":{"sha256":"00"}}]}`, "duplicate"},
		{"duplicate key far inside", `{` + head + `,"subject":[{"digest":{"sha256":"00"}}],"predicate":{"a":{"b":1,"b":2}}}`, "duplicate"},
		{"not UTF-8", "{" + head + ",\"subject\":[{\"name\":\"\xff\",\"digest\":{\"sha256\":\"00\"}}]}", "UTF-8"},
		{"another type", `{"_type":"https://in-toto.io/Statement/v2","predicateType":"p","subject":[{"digest":{"sha256":"00"}}]}`, "statement type"},
		{"no predicate type", `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}]}`, "no predicate type"},
		{"no subject", `{` + head + `}`, "no subject"},
		{"a subject with no digest", `{` + head + `,"subject":[{"name":"x"}]}`, "no digest"},
		{"too many subjects", `{` + head + `,"subject":[` + strings.Repeat(`{"digest":{"sha256":"00"}},`, 1024) + `{"digest":{"sha256":"00"}}]}`, "more than 1024"},
		{"wrong types", `{` + head + `,"subject":{}}`, "no in-toto statement"},
		{"an array", `[]`, "no in-toto statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := verifyText(t, envelopeOf(t, []byte(c.payload), s), accepting(trust.DefaultNeeds, s))
			if v.Verified || !strings.Contains(v.Reason, c.reason) {
				t.Fatalf("want a refusal with %q, got %v %s", c.reason, v.Verified, v.Reason)
			}
		})
	}
}

// TestSubjectDigests: a subject must agree in every hash that is known of both.
func TestSubjectDigests(t *testing.T) {
	s := newP256(t, "k.pem")
	right256, right512 := strings.Repeat("11", 32), strings.Repeat("22", 64)
	artifact := &attest.Artifact{Name: "x", Kind: "file", Any: []attest.Digests{{
		crypto.SHA256: unhex(t, right256), crypto.SHA512: unhex(t, right512),
	}}}
	for _, c := range []struct {
		name, digests string
		ok            bool
	}{
		{"one hash", `"sha256":"` + right256 + `"`, true},
		{"both", `"sha256":"` + right256 + `","sha512":"` + right512 + `"`, true},
		{"upper case", `"sha256":"` + strings.ToUpper(right256) + `"`, true},
		{"with one that nobody computes", `"sha256":"` + right256 + `","gitCommit":"00"`, true},
		{"one right and one wrong", `"sha256":"` + right256 + `","sha512":"00"`, false},
		{"only an unknown hash", `"md5":"` + right256 + `"`, false},
		{"the right digest under another hash", `"sha512":"` + right256 + `"`, false},
		{"cut short", `"sha256":"` + right256[:62] + `"`, false},
		{"not hexadecimal", `"sha256":"zz"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := `{"_type":"https://in-toto.io/Statement/v1","predicateType":"p","subject":[{"digest":{` + c.digests + `}}]}`
			want := accepting(trust.DefaultNeeds, s)
			want.Artifact = artifact
			if v := verifyText(t, envelopeOf(t, []byte(payload), s), want); v.Verified != c.ok {
				t.Fatalf("verified %v: %s", v.Verified, v.Reason)
			}
		})
	}
}
