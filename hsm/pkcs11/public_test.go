package pkcs11

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"
)

func point(t testing.TB, curve elliptic.Curve) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, err)
	raw, err := key.PublicKey.Bytes()
	must(t, err)
	return raw
}

func TestPublic(t *testing.T) {
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	p256, p384 := point(t, elliptic.P256()), point(t, elliptic.P384())
	off := bytes.Clone(p256)
	off[64] ^= 1
	for _, c := range []struct {
		name          string
		params, point []byte
		want          error
	}{
		{"P-256", paramsP256, wrapPoint(p256), nil},
		{"P-256, bare", paramsP256, p256, nil},
		{"P-384", paramsP384, wrapPoint(p384), nil},
		{"P-384, bare", paramsP384, p384, nil},
		{"Ed25519", paramsEdwards, wrapPoint(edwards), nil},
		{"Ed25519 by OID, bare", paramsEdOID, edwards, nil},

		{"nothing", nil, nil, errNotUsed},
		{"no point", paramsP256, nil, errBadPoint},
		{"no parameters", nil, wrapPoint(p256), errNotUsed},
		{"P-521", []byte{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}, wrapPoint(p256), errNotUsed},
		{"parameters and more", append(bytes.Clone(paramsP256), 0), wrapPoint(p256), errNotUsed},
		{"another curve's point", paramsP256, wrapPoint(p384), errBadPoint},
		{"off the curve", paramsP256, wrapPoint(off), errBadPoint},
		{"cut", paramsP256, wrapPoint(p256)[:66], errBadPoint},
		{"longer", paramsP256, append(wrapPoint(p256), 0), errBadPoint},
		{"another length inside", paramsP256, append([]byte{4, 64}, p256...), errBadPoint},
		{"another tag", paramsP256, append([]byte{3, 65}, p256...), errBadPoint},
		{"compressed", paramsP256, append([]byte{2}, p256[1:33]...), errBadPoint},
		{"compressed, of that length", paramsP256, wrapPoint(append([]byte{2}, p256[1:]...)), errBadPoint},
		{"infinity", paramsP256, make([]byte, 65), errBadPoint},
		{"Ed25519, 31 bytes", paramsEdwards, wrapPoint(edwards[:31]), errBadPoint},
	} {
		got, err := ecPublic(c.params, c.point)
		if !errors.Is(err, c.want) || (err == nil) != (got != nil) && c.want == nil {
			t.Errorf("%s: %v %v, want %v", c.name, got, err, c.want)
		}
	}
}

func TestRSAPublic(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	n, e := key.N.Bytes(), big.NewInt(int64(key.E)).Bytes()
	if got, err := rsaPublic(append([]byte{0, 0}, n...), append([]byte{0}, e...)); err != nil || !key.PublicKey.Equal(got) {
		t.Errorf("%v %v", got, err)
	}
	for name, c := range map[string][2][]byte{
		"nothing": {}, "no exponent": {n, nil}, "no modulus": {nil, e}, "exponent 1": {n, {1}}, "exponent 2": {n, {2}},
		"a huge exponent": {n, n}, "a small modulus": {n[:100], e}, "a huge modulus": {bytes.Repeat([]byte{255}, 1025), e},
		"exponent of 32 bits": {n, {255, 255, 255, 255}},
	} {
		if got, err := rsaPublic(c[0], c[1]); !errors.Is(err, errBadModulus) || got != nil {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestDERSignature(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	digest := make([]byte, 48)
	for range 200 { // some have leading zeros
		_, _ = rand.Read(digest)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		must(t, err)
		raw := make([]byte, 96)
		r.FillBytes(raw[:48])
		s.FillBytes(raw[48:])
		der, err := derSignature(raw, elliptic.P384())
		must(t, err)
		if !ecdsa.VerifyASN1(&key.PublicKey, digest, der) {
			t.Fatalf("%x became %x", raw, der)
		}
	}
	order := elliptic.P256().Params().N.Bytes()
	one := append(make([]byte, 31), 1)
	for name, raw := range map[string][]byte{
		"empty": nil, "short": make([]byte, 63), "long": make([]byte, 65), "zeros": make([]byte, 64),
		"r is 0": append(make([]byte, 32), one...), "s is 0": append(bytes.Clone(one), make([]byte, 32)...),
		"r is the order": append(bytes.Clone(order), one...), "s is the order": append(bytes.Clone(one), order...),
		"all ones": bytes.Repeat([]byte{255}, 64), "P-384's": make([]byte, 96),
	} {
		if der, err := derSignature(raw, elliptic.P256()); !errors.Is(err, errBadNumbers) || der != nil {
			t.Errorf("%s: %x %v", name, der, err)
		}
	}
}

// FuzzPublic: whatever a token says of a public key, it is one on its curve, or none.
func FuzzPublic(f *testing.F) {
	f.Add(paramsP256, wrapPoint(point(f, elliptic.P256())))
	f.Add(paramsP384, point(f, elliptic.P384()))
	f.Add(paramsEdwards, wrapPoint(make([]byte, 32)))
	f.Fuzz(func(t *testing.T, params, point []byte) {
		public, err := ecPublic(params, point)
		if err != nil {
			return
		}
		switch k := public.(type) {
		case *ecdsa.PublicKey:
			raw, err := k.Bytes()
			if err != nil || !bytes.Equal(raw, point) && !bytes.Equal(wrapPoint(raw), point) {
				t.Errorf("%x was read as %x, %v", point, raw, err)
			}
		case ed25519.PublicKey:
			if !bytes.Equal(k, point) && !bytes.Equal(wrapPoint(k), point) {
				t.Errorf("%x was read as %x", point, k)
			}
		default:
			t.Errorf("%T", public)
		}
		_, _ = rsaPublic(params, point)
	})
}

// FuzzDERSignature: there is one DER for r and s, and it says the same.
func FuzzDERSignature(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 64))
	f.Add(append(make([]byte, 31), append([]byte{1}, bytes.Repeat([]byte{0x80}, 32)...)...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		der, err := derSignature(raw, elliptic.P256())
		if err != nil {
			return
		}
		if len(der) > 72 || len(der) < 8 || der[0] != 0x30 || int(der[1]) != len(der)-2 {
			t.Errorf("%x became %x", raw, der)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
