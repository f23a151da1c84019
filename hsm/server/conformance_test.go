package server_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"stellad/hsm"
)

// kit is a client of one back end, and what that says it can do.
type kit struct {
	*testing.T
	*hsm.Client
	has []string
}

// needs skips what the token's own mechanisms rule out, and says so. Then the back end has to say so too.
func (k kit) needs(mechanisms ...string) bool {
	k.Helper()
	for _, m := range mechanisms {
		if !slices.Contains(k.has, m) {
			k.Logf("LACKS %s: what needs it is refused, and tested no further", m)
			return false
		}
	}
	return true
}

var algorithms = []struct {
	hsm.Algorithm
	needs []string
	slow  bool
}{
	{hsm.ECDSAP256, []string{"CKM_EC_KEY_PAIR_GEN", "CKM_ECDSA"}, false},
	{hsm.ECDSAP384, []string{"CKM_EC_KEY_PAIR_GEN", "CKM_ECDSA"}, false},
	{hsm.Ed25519, []string{"CKM_EC_EDWARDS_KEY_PAIR_GEN", "CKM_EDDSA"}, false},
	{hsm.RSA3072, []string{"CKM_RSA_PKCS_KEY_PAIR_GEN", "CKM_RSA_PKCS_PSS"}, false},
	{hsm.RSA4096, []string{"CKM_RSA_PKCS_KEY_PAIR_GEN", "CKM_RSA_PKCS_PSS"}, true},
}

// TestConformance is what every back end does.
func TestConformance(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			c := served(t, b.open(t))
			s, err := c.Status(t.Context())
			must(t, err)
			t.Logf("%s, %s: %q", s.Backend, s.Library, s.Mechanisms)
			for _, test := range []struct {
				name string
				run  func(kit)
			}{
				{"Status", testStatus},
				{"Sign", testSign},
				{"Attributes", testAttributes},
				{"Reference", testReference},
				{"Bad", testBad},
				{"Destroy", testDestroy},
				{"Certificate", testCertificate},
				{"Wrap", testWrap},
				{"WrapRefused", testWrapRefused},
				{"Objects", testObjects},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(kit{t, c, s.Mechanisms}) })
			}
		})
	}
}

func testStatus(k kit) {
	s, err := k.Status(k.Context())
	must(k, err)
	if s.Token == nil || !s.LoggedIn || s.LastError != "" || !s.Token.Selected || s.Module == "" || s.Library == "" {
		k.Errorf("%+v", s)
	}
	all, err := k.Tokens(k.Context())
	must(k, err)
	if !slices.ContainsFunc(all, func(o hsm.Token) bool { return o.Serial == s.Token.Serial && o.Selected }) {
		k.Errorf("%+v has no %+v", all, s.Token)
	}
}

func testSign(k kit) {
	for _, a := range algorithms {
		label := "sign-" + string(a.Algorithm)
		if a.slow && testing.Short() {
			continue
		}
		key, err := k.Generate(k.Context(), hsm.Template{Label: label, Algorithm: a.Algorithm})
		if !k.needs(a.needs...) {
			if !errors.Is(err, hsm.ErrMechanism) {
				k.Errorf("%s: %v", label, err)
			}
			continue
		}
		must(k, err)
		found, err := k.Find(k.Context(), hsm.Reference{Label: label})
		must(k, err)
		used, err := k.Use(key.Reference())
		must(k, err)
		for _, key := range []*hsm.Key{key, found, used} {
			for range 5 {
				signs(k, key)
			}
		}
		_, err = k.Generate(k.Context(), hsm.Template{Label: label, Algorithm: a.Algorithm})
		if !errors.Is(err, hsm.ErrExists) {
			k.Errorf("%s again: %v", label, err)
		}
	}
}

// signs has a key sign something new in each way that it can, and verifies.
func signs(t testing.TB, key *hsm.Key) {
	t.Helper()
	message := make([]byte, 1+int(time.Now().UnixNano()%300))
	_, _ = rand.Read(message)
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		input, opts := message, crypto.SignerOpts(hash)
		switch key.Public().(type) {
		case ed25519.PublicKey:
			opts = crypto.Hash(0)
		case *rsa.PublicKey:
			input, opts = digest(hash, message), &rsa.PSSOptions{Hash: hash, SaltLength: rsa.PSSSaltLengthEqualsHash}
		default:
			input = digest(hash, message)
		}
		signature, err := key.Sign(nil, input, opts)
		must(t, err)
		if !verified(key.Public(), hash, input, signature) {
			t.Fatalf("%v, %v: %x does not verify", key.Reference(), hash, signature)
		}
	}
}

func digest(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}

func verified(public crypto.PublicKey, hash crypto.Hash, input, signature []byte) bool {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, input, signature)
	case ed25519.PublicKey:
		return ed25519.Verify(public, input, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(public, hash, input, signature, &rsa.PSSOptions{SaltLength: hash.Size()}) == nil
	}
	return false
}

func testAttributes(k kit) {
	for _, custody := range []hsm.Custody{hsm.Confined, hsm.Escrowable} {
		label := fmt.Sprint("attributes-", custody)
		key, err := k.Generate(k.Context(), hsm.Template{Label: label, Algorithm: hsm.ECDSAP256, Custody: custody})
		must(k, err)
		a := key.Attributes()
		if !a.Private || !a.Sensitive || !a.AlwaysSensitive || !a.Sign || a.Decrypt || a.Unwrap || a.Derive ||
			a.Extractable != bool(custody) || a.NeverExtractable == bool(custody) || a.Label != label || len(a.ID) != 16 {
			k.Errorf("%+v", a)
		}
		if !a.Local && !slices.ContainsFunc(a.Doubts, func(d string) bool { return d == "CKA_LOCAL is false, though the token made it" }) {
			k.Errorf("LOCAL is false without a word: %q", a.Doubts)
		}
		k.Logf("%s: local %t, doubts %q", label, a.Local, a.Doubts)
		all, err := k.Keys(k.Context())
		must(k, err)
		if !slices.ContainsFunc(all, func(o hsm.Attributes) bool {
			return o.Label == label && bytes.Equal(o.ID, a.ID) && bytes.Equal(o.Public, a.Public) && o.Extractable == a.Extractable && o.Algorithm == hsm.ECDSAP256
		}) {
			k.Errorf("%s is not listed as it is: %+v", label, all)
		}
	}
}

// testReference: a key is found by what is its own, and by nothing else.
func testReference(k kit) {
	one, err := k.Generate(k.Context(), hsm.Template{Label: "reference-1", Algorithm: hsm.ECDSAP256})
	must(k, err)
	two, err := k.Generate(k.Context(), hsm.Template{Label: "reference-2", Algorithm: hsm.ECDSAP256})
	must(k, err)
	r, other := one.Reference(), two.Reference()
	for _, c := range []struct {
		name string
		ref  hsm.Reference
		want error
	}{
		{"all", r, nil},
		{"label", hsm.Reference{Label: r.Label}, nil},
		{"ID", hsm.Reference{ID: r.ID}, nil},
		{"label and public key", hsm.Reference{Label: r.Label, Public: r.Public}, nil},
		{"nothing", hsm.Reference{}, hsm.ErrInvalid},
		{"public key alone", hsm.Reference{Public: r.Public}, hsm.ErrInvalid},
		{"another's ID", hsm.Reference{Label: r.Label, ID: other.ID}, hsm.ErrNoKey},
		{"another's label", hsm.Reference{Label: other.Label, ID: r.ID}, hsm.ErrNoKey},
		{"another's public key", hsm.Reference{Label: r.Label, ID: r.ID, Public: other.Public}, hsm.ErrNoKey},
		{"no key's label", hsm.Reference{Label: "reference"}, hsm.ErrNoKey},
		{"a longer label", hsm.Reference{Label: r.Label + "0"}, hsm.ErrNoKey},
		{"a shorter ID", hsm.Reference{ID: r.ID[:15]}, hsm.ErrNoKey},
		{"an endless label", hsm.Reference{Label: string(make([]byte, 129))}, hsm.ErrInvalid},
	} {
		got, err := k.Find(k.Context(), c.ref)
		if !errors.Is(err, c.want) {
			k.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && !bytes.Equal(got.Attributes().ID, r.ID) {
			k.Errorf("%s: %v", c.name, got.Reference())
		}
	}
	// A key that is said to be of another public key does not sign.
	mixed, err := k.Use(hsm.Reference{Label: r.Label, ID: r.ID, Public: other.Public})
	must(k, err)
	sum := sha256.Sum256([]byte("x"))
	if s, err := mixed.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrNoKey) {
		k.Errorf("%x %v", s, err)
	}
	signs(k, one)
}

// testBad: what makes no sense is refused as that, and leaves nothing behind.
func testBad(k kit) {
	before, err := k.Keys(k.Context())
	must(k, err)
	for _, t := range []hsm.Template{
		{},
		{Label: "x"},
		{Algorithm: hsm.ECDSAP256},
		{Label: "x", Algorithm: "p-256"},
		{Label: "x", Algorithm: hsm.AES256},
		{Label: "a\nb", Algorithm: hsm.ECDSAP256},
		{Label: "\xff", Algorithm: hsm.ECDSAP256},
		{Label: "a\x00", Algorithm: hsm.ECDSAP256},
		{Label: string(bytes.Repeat([]byte("x"), 129)), Algorithm: hsm.ECDSAP256},
	} {
		if _, err := k.Generate(k.Context(), t); !errors.Is(err, hsm.ErrInvalid) {
			k.Errorf("%+v: %v", t, err)
		}
	}
	key, err := k.Generate(k.Context(), hsm.Template{Label: "bad", Algorithm: hsm.ECDSAP256})
	must(k, err)
	sum := sha512.Sum512([]byte("x"))
	for _, c := range []struct {
		input []byte
		opts  crypto.SignerOpts
	}{
		{nil, crypto.SHA256},
		{sum[:31], crypto.SHA256},
		{sum[:33], crypto.SHA256},
		{sum[:], crypto.SHA256},
		{sum[:20], crypto.SHA1},
		{sum[:32], crypto.Hash(0)},
		{sum[:32], crypto.SHA3_256},
	} {
		if s, err := key.Sign(nil, c.input, c.opts); !errors.Is(err, hsm.ErrInvalid) {
			k.Errorf("%d bytes, %v: %x %v", len(c.input), c.opts, s, err)
		}
	}
	must(k, k.Destroy(k.Context(), key.Reference()))
	after, err := k.Keys(k.Context())
	must(k, err)
	if len(after) != len(before) {
		k.Errorf("%d keys became %d", len(before), len(after))
	}
}

func testDestroy(k kit) {
	key, err := k.Generate(k.Context(), hsm.Template{Label: "destroy", Algorithm: hsm.ECDSAP256})
	must(k, err)
	signs(k, key)
	must(k, k.Destroy(k.Context(), key.Reference()))
	sum := sha256.Sum256([]byte("x"))
	if _, err := key.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrNoKey) {
		k.Errorf("it signs: %v", err)
	}
	if _, err := k.Find(k.Context(), hsm.Reference{Label: "destroy"}); !errors.Is(err, hsm.ErrNoKey) {
		k.Errorf("it is found: %v", err)
	}
	if err := k.Destroy(k.Context(), key.Reference()); !errors.Is(err, hsm.ErrNoKey) {
		k.Errorf("it is destroyed twice: %v", err)
	}
	if err := k.Destroy(k.Context(), hsm.Reference{}); !errors.Is(err, hsm.ErrInvalid) {
		k.Errorf("nothing is destroyed: %v", err)
	}
	again, err := k.Generate(k.Context(), hsm.Template{Label: "destroy", Algorithm: hsm.ECDSAP256})
	must(k, err)
	signs(k, again)
	if _, err := key.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrNoKey) {
		k.Errorf("another of its label signs for it: %v", err)
	}
}

// testCertificate: the standard library takes a key for what it is.
func testCertificate(k kit) {
	key, err := k.Generate(k.Context(), hsm.Template{Label: "certificate", Algorithm: hsm.ECDSAP384})
	must(k, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(k, err)
	certificate, err := x509.ParseCertificate(der)
	must(k, err)
	must(k, certificate.CheckSignatureFrom(certificate))
}

func testWrap(k kit) {
	for _, m := range []hsm.Mechanism{hsm.KeyWrapPad, hsm.KeyWrap} {
		with, err := k.GenerateWrapping(k.Context(), "wrap-"+string(m))
		must(k, err)
		if !with.Sensitive || with.Extractable || !with.Wrap || !with.Unwrap || with.Algorithm != hsm.AES256 || with.Decrypt {
			k.Errorf("%+v", with)
		}
		key, err := k.Generate(k.Context(), hsm.Template{Label: "wrapped-" + string(m), Algorithm: hsm.ECDSAP256, Custody: hsm.Escrowable})
		must(k, err)
		wrapped, err := k.Wrap(k.Context(), with.Reference(), key.Reference(), m)
		if !k.needs(string(m)) {
			if !errors.Is(err, hsm.ErrMechanism) {
				k.Errorf("%s: %v", m, err)
			}
			continue
		}
		if m == hsm.KeyWrap && errors.Is(err, hsm.ErrInvalid) {
			k.Logf("LACKS %s of what is no multiple of 8 bytes long: %v", m, err)
			continue
		}
		must(k, err)
		unwraps(k, with, key, wrapped, m)
	}
}

// unwraps has a wrapped key come back, once it is gone, and no other in its place.
func unwraps(k kit, with hsm.Attributes, key *hsm.Key, wrapped []byte, m hsm.Mechanism) {
	k.Helper()
	r := key.Reference()
	good := hsm.Unwrapping{With: with.Reference(), Wrapped: wrapped, Mechanism: m, Label: r.Label, ID: r.ID, Public: r.Public}
	if _, err := k.Unwrap(k.Context(), good); !errors.Is(err, hsm.ErrExists) {
		k.Errorf("over the one that is there: %v", err)
	}
	must(k, k.Destroy(k.Context(), r))
	before, err := k.Keys(k.Context())
	must(k, err)
	stranger, err := k.Find(k.Context(), hsm.Reference{Label: "reference-1"})
	must(k, err)
	for name, spoil := range map[string]func(*hsm.Unwrapping){
		"a changed byte":        func(u *hsm.Unwrapping) { u.Wrapped = slices.Clone(wrapped); u.Wrapped[20] ^= 1 },
		"cut":                   func(u *hsm.Unwrapping) { u.Wrapped = wrapped[:len(wrapped)-8] },
		"cut within a block":    func(u *hsm.Unwrapping) { u.Wrapped = wrapped[:len(wrapped)-1] },
		"empty":                 func(u *hsm.Unwrapping) { u.Wrapped = nil },
		"another's public key":  func(u *hsm.Unwrapping) { u.Public = stranger.Reference().Public },
		"no public key":         func(u *hsm.Unwrapping) { u.Public = nil },
		"no ID":                 func(u *hsm.Unwrapping) { u.ID = nil },
		"an unknown mechanism":  func(u *hsm.Unwrapping) { u.Mechanism = "CKM_AES_CBC_PAD" },
		"a label that is taken": func(u *hsm.Unwrapping) { u.Label = "reference-1" },
		"no such wrapping key":  func(u *hsm.Unwrapping) { u.With = hsm.Reference{Label: "no"} },
	} {
		u := good
		spoil(&u)
		if got, err := k.Unwrap(k.Context(), u); err == nil || errors.Is(err, hsm.ErrUnavailable) {
			k.Errorf("%s: %v %v", name, got, err)
		}
	}
	after, err := k.Keys(k.Context())
	must(k, err)
	if len(after) != len(before) {
		k.Errorf("%d keys became %d", len(before), len(after))
	}
	back, err := k.Unwrap(k.Context(), good)
	must(k, err)
	signs(k, back)
	signs(k, key)
	if a := back.Attributes(); a.Extractable || !a.Sensitive || a.NeverExtractable && a.AlwaysSensitive ||
		(a.Decrypt || a.Derive) && a.Doubts == nil {
		k.Errorf("%+v", a)
	}
}

func testWrapRefused(k kit) {
	with, err := k.ImportWrapping(k.Context(), "wrap-imported", bytes.Repeat([]byte{7}, 32))
	must(k, err)
	if with.AlwaysSensitive || with.Local || with.Extractable || !with.Wrap {
		k.Errorf("%+v", with)
	}
	key, err := k.Generate(k.Context(), hsm.Template{Label: "confined", Algorithm: hsm.ECDSAP256})
	must(k, err)
	for _, m := range []hsm.Mechanism{hsm.KeyWrapPad, hsm.KeyWrap} {
		if slices.Contains(k.has, string(m)) {
			if got, err := k.Wrap(k.Context(), with.Reference(), key.Reference(), m); !errors.Is(err, hsm.ErrNotPermitted) || got != nil {
				k.Errorf("a confined key left: %x %v", got, err)
			}
		}
	}
	if _, err := k.Wrap(k.Context(), hsm.Reference{Label: "none"}, key.Reference(), hsm.KeyWrapPad); err == nil {
		k.Error("wrapped with no key")
	}
	if _, err := k.Wrap(k.Context(), key.Reference(), key.Reference(), hsm.KeyWrapPad); err == nil {
		k.Error("wrapped with a signing key")
	}
	for _, n := range []int{0, 1, 16, 31, 33} {
		if _, err := k.ImportWrapping(k.Context(), "short", make([]byte, n)); !errors.Is(err, hsm.ErrInvalid) {
			k.Errorf("a wrapping key of %d bytes: %v", n, err)
		}
	}
	if _, err := k.GenerateWrapping(k.Context(), "wrap-imported"); !errors.Is(err, hsm.ErrExists) {
		k.Errorf("%v", err)
	}
}

func testObjects(k kit) {
	err := k.PutObject(k.Context(), "checkpoint", []byte("one"))
	if errors.Is(err, hsm.ErrMechanism) {
		k.Logf("LACKS data objects: %v", err)
		return
	}
	must(k, err)
	for _, value := range [][]byte{[]byte("two"), bytes.Repeat([]byte("long"), 1<<14), {0}} {
		must(k, k.PutObject(k.Context(), "checkpoint", value))
		got, err := k.GetObject(k.Context(), "checkpoint")
		must(k, err)
		if !bytes.Equal(got, value) {
			k.Errorf("%d bytes of %d", len(got), len(value))
		}
	}
	for _, err := range []error{
		k.PutObject(k.Context(), "", []byte("x")), k.PutObject(k.Context(), "x", nil),
		k.PutObject(k.Context(), "x", make([]byte, hsm.MaxObject+1)),
	} {
		if !errors.Is(err, hsm.ErrInvalid) {
			k.Errorf("%v", err)
		}
	}
	must(k, k.DeleteObject(k.Context(), "checkpoint"))
	if _, err := k.GetObject(k.Context(), "checkpoint"); !errors.Is(err, hsm.ErrNoObject) {
		k.Errorf("%v", err)
	}
	if err := k.DeleteObject(k.Context(), "checkpoint"); !errors.Is(err, hsm.ErrNoObject) {
		k.Errorf("%v", err)
	}
}
