package rfc3161_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"stellad/attest/rfc3161"
)

var (
	message = []byte("a signature")
	genTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// tsa is a timestamping authority made for a test.
type tsa struct {
	root, signer *x509.Certificate
	key          *ecdsa.PrivateKey
}

var (
	oidEKU          = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidCodeSigning  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
)

func usages(t testing.TB, critical bool, oids ...asn1.ObjectIdentifier) pkix.Extension {
	t.Helper()
	der, err := asn1.Marshal(oids)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: oidEKU, Critical: critical, Value: der}
}

// newTSA makes an authority whose signing certificate change may spoil.
func newTSA(t testing.TB, change func(*x509.Certificate)) *tsa {
	t.Helper()
	rootKey, root := issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "tsa"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{usages(t, true, oidTimeStamping)},
	}
	if change != nil {
		change(template)
	}
	key, signer := issue(t, template, root, rootKey)
	return &tsa{root: root, signer: signer, key: key}
}

func issue(t testing.TB, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = genTime.AddDate(-1, 0, 0), genTime.AddDate(1, 0, 0)
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, c
}

// stamp makes a response over message, which change may spoil before it is signed.
func (a *tsa) stamp(t testing.TB, change func(*timestamp.Timestamp)) []byte {
	t.Helper()
	sum := sha256.Sum256(message)
	stamp := &timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: genTime,
		SerialNumber: big.NewInt(7), Policy: asn1.ObjectIdentifier{1, 2, 3},
	}
	if change != nil {
		change(stamp)
	}
	der, err := stamp.CreateResponseWithOpts(a.signer, a.key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (a *tsa) authority(t testing.TB, signer bool) *rfc3161.Authority {
	t.Helper()
	var others []*x509.Certificate
	if signer {
		others = append(others, a.signer)
	}
	authority, err := rfc3161.NewAuthority("https://tsa.test", []*x509.Certificate{a.root}, others)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func embed(s *timestamp.Timestamp) { s.AddTSACertificate = true }

func TestVerify(t *testing.T) {
	a := newTSA(t, nil)
	for name, token := range map[string][]byte{
		"certificate outside": a.stamp(t, nil), "certificate inside": a.stamp(t, embed),
	} {
		got, err := a.authority(t, true).Verify(token, message)
		if err != nil || !got.Time.Equal(genTime) || got.Authority != "https://tsa.test" || got.Signer != "CN=tsa" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	for name, token := range map[string][]byte{"outside": a.stamp(t, nil), "inside": a.stamp(t, embed)} {
		for _, known := range []bool{true, false} {
			if _, err := newTSA(t, nil).authority(t, known).Verify(token, message); !errors.Is(err, rfc3161.ErrUnknown) {
				t.Errorf("another authority's, certificate %s, signer known %v: %v", name, known, err)
			}
		}
	}
	if _, err := a.authority(t, false).Verify(a.stamp(t, embed), message); err != nil {
		t.Errorf("a signer that leads to the root: %v", err)
	}
}

func TestRefused(t *testing.T) {
	a, stranger := newTSA(t, nil), newTSA(t, nil)
	good := a.stamp(t, nil)
	for _, c := range []struct {
		name      string
		authority *rfc3161.Authority
		token     []byte
		reason    string
	}{
		{"other bytes", a.authority(t, true), a.stamp(t, func(s *timestamp.Timestamp) { s.HashedMessage = make([]byte, 32) }), "over other bytes"},
		{"another authority's", stranger.authority(t, true), good, "not one of this authority's"},
		{"another authority's, with its certificate", stranger.authority(t, true), a.stamp(t, embed), "not one of this authority's"},
		{"another root's, with its certificate", stranger.authority(t, false), a.stamp(t, embed), "unknown authority"},
		{"no certificate anywhere", a.authority(t, false), good, "brings no certificate"},
		{"before the certificate", a.authority(t, true), a.stamp(t, func(s *timestamp.Timestamp) { s.Time = genTime.AddDate(-2, 0, 0) }), "not valid at 2024"},
		{"after the certificate", a.authority(t, true), a.stamp(t, func(s *timestamp.Timestamp) { s.Time = genTime.AddDate(2, 0, 0) }), "not valid at 2028"},
		{"before the authority's span", a.authority(t, true).Between(genTime.Add(time.Second), time.Time{}), good, "first day"},
		{"after the authority's span", a.authority(t, true).Between(time.Time{}, genTime.Add(-time.Second)), good, "last day"},
		{"empty", a.authority(t, true), nil, "DER"},
		{"no DER", a.authority(t, true), []byte("hello"), "DER"},
		{"cut short", a.authority(t, true), good[:len(good)/2], "DER"},
		{"bytes after its end", a.authority(t, true), append(append([]byte{}, good...), 0), "after its end"},
		{"a rejection", a.authority(t, true), []byte{0x30, 5, 0x30, 3, 2, 1, 2}, "did not grant"},
		{"a response without a token", a.authority(t, true), []byte{0x30, 5, 0x30, 3, 2, 1, 0}, "no token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.authority.Verify(c.token, message)
			if !errors.Is(err, rfc3161.ErrTimestamp) || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "\n") {
				t.Errorf("want one line with %q, got %v %v", c.reason, got, err)
			}
		})
	}
}

// TestSigners: RFC 3161 §2.3 lets few certificates sign. One that may not is
// known by name and refused, whether the trust root or the token brings it.
func TestSigners(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		reason string
	}{
		"usage not critical": {func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = false }, "not critical"},
		"usage not alone":    {func(c *x509.Certificate) { c.ExtraExtensions[0] = usages(t, true, oidTimeStamping, oidCodeSigning) }, "alone"},
		"with an unknown usage": {func(c *x509.Certificate) {
			c.ExtraExtensions[0] = usages(t, true, oidTimeStamping, asn1.ObjectIdentifier{1, 2, 3})
		}, "alone"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newTSA(t, c.change)
			for _, known := range []bool{true, false} {
				_, err := a.authority(t, known).Verify(a.stamp(t, embed), message)
				if !errors.Is(err, rfc3161.ErrTimestamp) || !strings.Contains(err.Error(), c.reason) {
					t.Errorf("known %v: want %q, got %v", known, c.reason, err)
				}
			}
		})
	}
	a := newTSA(t, func(c *x509.Certificate) { c.ExtraExtensions[0] = usages(t, true, oidCodeSigning) })
	if _, err := rfc3161.NewAuthority("", []*x509.Certificate{a.root}, []*x509.Certificate{a.signer}); !errors.Is(err, rfc3161.ErrAuthority) {
		t.Errorf("a signer that can't be one: %v", err)
	}
}

func TestAuthorities(t *testing.T) {
	a, stranger := newTSA(t, nil), newTSA(t, nil)
	for name, c := range map[string]struct{ roots, others []*x509.Certificate }{
		"no root":              {nil, []*x509.Certificate{a.signer}},
		"another's root":       {[]*x509.Certificate{stranger.root}, []*x509.Certificate{a.signer}},
		"a good and a bad one": {[]*x509.Certificate{a.root}, []*x509.Certificate{a.signer, stranger.signer}},
	} {
		if _, err := rfc3161.NewAuthority("", c.roots, c.others); !errors.Is(err, rfc3161.ErrAuthority) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSameNameOtherKey: a certificate of the signer's issuer and serial number,
// and another key, stands in for nothing.
func TestSameNameOtherKey(t *testing.T) {
	a := newTSA(t, nil)
	forged := &tsa{root: a.root}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := *a.signer
	// Self-made root of the same name, whose key signs.
	root := *a.root
	root.PublicKey = &rootKey.PublicKey
	rootDER, err := x509.CreateCertificate(rand.Reader, &root, &root, &rootKey.PublicKey, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := x509.ParseCertificate(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	if forged.signer, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	forged.key = key
	for _, known := range []bool{true, false} {
		for name, change := range map[string]func(*timestamp.Timestamp){"inside": embed, "outside": nil} {
			if got, err := a.authority(t, known).Verify(forged.stamp(t, change), message); err == nil {
				t.Errorf("known %v, certificate %s: a forgery verifies: %+v", known, name, got)
			}
		}
	}
}

// TestNamedCertificate: the token names by its hash the certificate that made it.
// Another for the same key, of the same issuer and serial number, is not that one.
func TestNamedCertificate(t *testing.T) {
	a := newTSA(t, nil)
	token := a.stamp(t, nil)
	rootKey, root := issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	template := *a.signer
	template.NotAfter = template.NotAfter.AddDate(1, 0, 0)
	template.ExtKeyUsage, template.ExtraExtensions = nil, []pkix.Extension{usages(t, true, oidTimeStamping)}
	der, err := x509.CreateCertificate(rand.Reader, &template, root, &a.key.PublicKey, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	again, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := rfc3161.NewAuthority("", []*x509.Certificate{root}, []*x509.Certificate{again})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := authority.Verify(token, message); err == nil || !strings.Contains(err.Error(), "names another certificate") {
		t.Errorf("%+v %v", got, err)
	}
}

// TestForm: a token is CMS signed data of version 3.
func TestForm(t *testing.T) {
	a := newTSA(t, nil)
	token := bytes.Replace(a.stamp(t, nil), []byte{2, 1, 3}, []byte{2, 1, 1}, 1)
	if _, err := a.authority(t, true).Verify(token, message); err == nil || !strings.Contains(err.Error(), "CMS version 1") {
		t.Errorf("%v", err)
	}
}

// TestTwoSigners: a token has one signer, were the second the same once more.
func TestTwoSigners(t *testing.T) {
	a := newTSA(t, nil)
	var response struct {
		Status asn1.RawValue
		Token  struct {
			Type    asn1.ObjectIdentifier
			Content struct {
				Version      int
				Digests      asn1.RawValue
				Encapsulated asn1.RawValue
				Certificates asn1.RawValue   `asn1:"optional,tag:0"`
				Signers      []asn1.RawValue `asn1:"set"`
			} `asn1:"explicit,tag:0"`
		}
	}
	if _, err := asn1.Unmarshal(a.stamp(t, nil), &response); err != nil {
		t.Fatal(err)
	}
	signer := response.Token.Content.Signers[:1]
	for n, reason := range []string{"0 signers", "", "2 signers"} {
		response.Token.Content.Signers = slices.Repeat(signer, n)
		token, err := asn1.Marshal(response)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.authority(t, true).Verify(token, message); (err == nil) != (reason == "") || err != nil && !strings.Contains(err.Error(), reason) {
			t.Errorf("%d signers: %v", n, err)
		}
	}
}

// TestMutated changes each byte of a token: it is refused, or says the same.
func TestMutated(t *testing.T) {
	a := newTSA(t, nil)
	authority := a.authority(t, true)
	for name, token := range map[string][]byte{"outside": a.stamp(t, nil), "inside": a.stamp(t, embed)} {
		want, err := authority.Verify(token, message)
		if err != nil {
			t.Fatal(err)
		}
		for i := range token {
			for bit := range 8 {
				changed := append([]byte{}, token...)
				changed[i] ^= 1 << bit
				if got, err := authority.Verify(changed, message); err == nil && *got != *want {
					t.Fatalf("%s, byte %d: %+v, want %+v", name, i, got, want)
				}
			}
		}
	}
}

func TestVerifyDigest(t *testing.T) {
	a := newTSA(t, nil)
	sum, long := sha256.Sum256(message), sha512.Sum384(message)
	authority, token := a.authority(t, true), a.stamp(t, nil)
	if _, err := authority.VerifyDigest(token, crypto.SHA256, sum[:]); err != nil {
		t.Error(err)
	}
	if _, err := authority.VerifyDigest(token, crypto.SHA384, long[:]); err == nil {
		t.Error("a digest by another hash")
	}
	if _, err := authority.VerifyDigest(token, crypto.SHA256, nil); err == nil {
		t.Error("no digest")
	}
}

// FuzzVerify holds that no bytes make the package panic, and that none but what
// the authority made verify.
func FuzzVerify(f *testing.F) {
	a := newTSA(f, nil)
	authority, open := a.authority(f, true), a.authority(f, false)
	f.Add(a.stamp(f, nil))
	f.Add(a.stamp(f, embed))
	f.Fuzz(func(t *testing.T, token []byte) {
		for _, with := range []*rfc3161.Authority{authority, open} {
			if got, err := with.Verify(token, message); err == nil && !got.Time.Equal(genTime) {
				t.Fatalf("a time that nobody proved: %+v", got)
			}
		}
	})
}
