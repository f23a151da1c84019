package tlog

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// Each key reads back from its vkey, and other implementations give it the same
// name and ID.
func TestVerifierKeys(t *testing.T) {
	for _, k := range keysOf(
		logSigner(t, "example.com/log", 1), logSigner(t, "ключ", 2),
		ecdsaSigner(t, "rekor.example", elliptic.P256()),
		ecdsaSigner(t, "rekor.example", elliptic.P384()),
		ecdsaSigner(t, "rekor.example", elliptic.P521()),
		witness(t, "witness.example/w1", 3, 0),
	) {
		got, err := ParseVerifierKey(k.String())
		if err != nil || !got.same(k) || got.KeyHash() != k.KeyHash() || got.String() != k.String() {
			t.Errorf("%s reads back as %v, %v", k, got, err)
		}
		theirs, err := formats.NewVerifier(k.String())
		if err != nil || theirs.Name() != k.Name() || theirs.KeyHash() != k.KeyHash() {
			t.Errorf("%s: transparency-dev reads %v, %v", k, theirs, err)
		}
		if k.Cosigns() != strings.HasPrefix(k.Name(), "witness") {
			t.Errorf("%s: cosigns is %t", k, k.Cosigns())
		}
	}
}

func TestNewVerifierKeyIsTheVkeys(t *testing.T) {
	skey, vkey, err := note.GenerateKey(rand.Reader, "example.com/log")
	if err != nil {
		t.Fatal(err)
	}
	parsed := mustKey(t, vkey)
	made, err := NewVerifierKey("example.com/log", parsed.PublicKey())
	if err != nil || made.String() != vkey {
		t.Errorf("%v, %v; want %s", made, err, vkey)
	}
	theirs, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := OpenNote(signed(t, "text\n", theirs), made)
	if err != nil || n.Verified[0].Key != made || !n.Verified[0].Time.IsZero() {
		t.Errorf("x/mod's signature: %v, %v", n, err)
	}
}

// The caller's own key may change later; the verifier key does not.
func TestNewVerifierKeyCopies(t *testing.T) {
	public := seeded(1).Public().(ed25519.PublicKey)
	key, err := NewVerifierKey("log", public)
	if err != nil {
		t.Fatal(err)
	}
	before := key.String()
	public[0] ^= 1
	if key.String() != before {
		t.Error("the key changed under its name")
	}
}

func TestNewVerifierKeyRefuses(t *testing.T) {
	good := seeded(1).Public()
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why, name string
		public    crypto.PublicKey
	}{
		{"no name", "", good},
		{"a space", "a b", good},
		{"a no-break space", "a\u00a0b", good},
		{"an ideographic space", "a\u3000b", good},
		{"a plus", "a+b", good},
		{"a newline", "a\n", good},
		{"a control character", "a\x01", good},
		{"not UTF-8", "a\xff", good},
		{"a short key", "log", ed25519.PublicKey(make([]byte, 31))},
		{"a long key", "log", ed25519.PublicKey(make([]byte, 33))},
		{"an empty key", "log", ed25519.PublicKey(nil)},
		{"P-224", "log", &p224.PublicKey},
		{"RSA", "log", &rsaKey.PublicKey},
		{"a nil ECDSA key", "log", (*ecdsa.PublicKey)(nil)},
		{"an ECDSA key without a curve", "log", &ecdsa.PublicKey{}},
		{"a private key", "log", seeded(1)},
		{"bytes", "log", []byte(seeded(1).Public().(ed25519.PublicKey))},
		{"nothing", "log", nil},
	} {
		if key, err := NewVerifierKey(c.name, c.public); !errors.Is(err, ErrKey) || key != nil {
			t.Errorf("%s: %v, %v; want ErrKey", c.why, key, err)
		}
	}
}

func TestParseVerifierKeyRefuses(t *testing.T) {
	const name = "example.com/log"
	public := seeded(1).Public().(ed25519.PublicKey)
	good := ed25519Vkey(name, 0x01, public)
	mustKey(t, good)
	id, material := good[len(name)+1:len(name)+9], good[len(name)+10:]
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	ecdsaVkey := func(der []byte) string { return vkeyOf(name, append([]byte{0x02}, der...), der) }
	mustKey(t, ecdsaVkey(spki))

	for why, vkey := range map[string]string{
		"empty":                                    "",
		"one part":                                 name,
		"two parts":                                name + "+" + id,
		"three parts, the last bare":               name + "+" + id + "+",
		"no name":                                  "+" + id + "+" + material,
		"another name":                             "example.com/lag+" + id + "+" + material,
		"a space in the name":                      ed25519Vkey("example.com /log", 0x01, public),
		"a space before":                           " " + good,
		"a newline after":                          good + "\n",
		"a carriage return after":                  good + "\r",
		"a newline in the base64":                  good[:len(good)-8] + "\n" + good[len(good)-8:],
		"another ID":                               name + "+00000000+" + material,
		"an ID in upper case":                      name + "+" + strings.ToUpper(id) + "+" + material,
		"an ID of 7 digits":                        name + "+" + id[1:] + "+" + material,
		"an ID of 9 digits":                        name + "+0" + id + "+" + material,
		"an ID that is no hex":                     name + "+zzzzzzzz+" + material,
		"an ID with 0x":                            name + "+0x" + id[2:] + "+" + material,
		"no base64":                                name + "+" + id + "+THIS_IS_NOT_BASE64!",
		"base64 without padding":                   strings.TrimRight(ecdsaVkey(spki), "="),
		"a private key":                            "PRIVATE+KEY+" + good,
		"a key of 31 bytes":                        ed25519Vkey(name, 0x01, public[:31]),
		"a key of 33 bytes":                        ed25519Vkey(name, 0x01, append(public[:32:32], 0)),
		"a key of no bytes":                        ed25519Vkey(name, 0x01, nil),
		"a witness of 31 bytes":                    ed25519Vkey(name, 0x04, public[:31]),
		"a witness under the ID of 0x01":           name + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{4}, public...)),
		"an ECDSA key cut short":                   ecdsaVkey(spki[:len(spki)-1]),
		"an ECDSA key with more":                   ecdsaVkey(append(append([]byte(nil), spki...), 0)),
		"an ECDSA key off the curve":               ecdsaVkey(flipped(spki, len(spki)-1)),
		"an ECDSA key under the ID of other types": ed25519Vkey(name, 0x02, spki),
		"an Ed25519 SPKI as 0x02":                  ecdsaVkey(spkiOf(t, public)),
		"an ECDSA key with more inside":            ecdsaVkey(grown(spki)),
		"no SPKI as 0x02":                          ecdsaVkey([]byte("no DER")),
	} {
		if key, err := ParseVerifierKey(vkey); !errors.Is(err, ErrKey) || key != nil {
			t.Errorf("%s: %v, %v; want ErrKey", why, key, err)
		}
	}
}

// What ends in padding may hide bits in the last letter; x/mod reads them all as
// one key.
func TestVkeyBase64IsCanonical(t *testing.T) {
	k := ecdsaSigner(t, "log", elliptic.P384()).VerifierKey
	vkey := k.String()
	body := strings.TrimRight(vkey, "=")
	if body == vkey {
		t.Fatal("this key has no padding")
	}
	last := body[len(body)-1]
	for c := byte('0'); c <= 'z'; c++ {
		changed := body[:len(body)-1] + string(rune(c)) + vkey[len(body):]
		if _, err := ParseVerifierKey(changed); (err == nil) != (c == last) {
			t.Errorf("%q for %q: %v", c, last, err)
		}
	}
	if _, err := ParseVerifierKey(body); !errors.Is(err, ErrKey) {
		t.Errorf("without padding: %v", err)
	}
}

func TestOtherTypesAreNamed(t *testing.T) {
	public := seeded(1).Public().(ed25519.PublicKey)
	for kind := range 256 {
		if kind == 0x01 || kind == 0x04 {
			continue
		}
		_, err := ParseVerifierKey(ed25519Vkey("log", byte(kind), public))
		named := kind == 0x02 || err != nil && strings.Contains(err.Error(), fmt.Sprintf("0x%02x", kind))
		if !errors.Is(err, ErrKey) || !named {
			t.Errorf("type 0x%02x: %v", kind, err)
		}
	}
}

// A signature is bound to its type, its text and its length.
func TestVerifyRefuses(t *testing.T) {
	const text = "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	for _, s := range []signer{
		logSigner(t, "log", 1),
		ecdsaSigner(t, "log", elliptic.P256()), ecdsaSigner(t, "log", elliptic.P384()), ecdsaSigner(t, "log", elliptic.P521()),
		witness(t, "log", 1, 1700000000),
	} {
		sig := s.sign([]byte(text))
		if !s.Verify([]byte(text), sig) {
			t.Fatalf("%s refuses its own signature", s)
		}
		for why, held := range map[string]bool{
			"another text":   s.Verify([]byte("lag"+text[3:]), sig),
			"no text":        s.Verify(nil, sig),
			"more text":      s.Verify([]byte(text+"\n"), sig),
			"no signature":   s.Verify([]byte(text), nil),
			"cut short":      s.Verify([]byte(text), sig[:len(sig)-1]),
			"a byte more":    s.Verify([]byte(text), append(sig[:len(sig):len(sig)], 0)),
			"doubled":        s.Verify([]byte(text), append(sig[:len(sig):len(sig)], sig...)),
			"another's":      s.Verify([]byte(text), logSigner(t, "log", 9).sign([]byte(text))),
			"the zero key":   new(VerifierKey).Verify([]byte(text), sig),
			"a zeroed one":   s.Verify([]byte(text), make([]byte, len(sig))),
			"a flipped byte": s.Verify([]byte(text), flipped(sig, 20)),
		} {
			if held {
				t.Errorf("%s: %s holds", s, why)
			}
		}
	}
}

// grown puts a NULL at the end of a SEQUENCE of under 126 bytes: Go's parser of keys
// passes over it.
func grown(der []byte) []byte {
	return append([]byte{der[0], der[1] + 2}, append(der[2:len(der):len(der)], 5, 0)...)
}

func flipped(b []byte, i int) []byte {
	c := append([]byte(nil), b...)
	c[i] ^= 1
	return c
}

func spkiOf(t *testing.T, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
