package sign_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekor "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"github.com/sigstore/rekor-tiles/v2/pkg/types/hashedrekord"

	"stellad/attest"
	"stellad/attest/sign"
	"stellad/attest/trust"
	"stellad/tlog"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata. What was signed once must be made again
// to the byte: readers rebuild it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", file, diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fixed is a key whose signatures are always the same (RFC 6979).
type fixed struct{ *ecdsa.PrivateKey }

func (k fixed) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

func fixedKey(t testing.TB) fixed {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	must(t, err)
	return fixed{key}
}

const hex32 = "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1"

var (
	one     = []attest.Subject{{Name: "app", Digest: map[string]string{"sha256": hex32}}}
	several = []attest.Subject{
		{Name: "app", Digest: map[string]string{"sha512": strings.Repeat("0a", 64), "sha256": hex32, "sha384": strings.Repeat("0b", 48)}},
		{Digest: map[string]string{"sha256": hex32}},
	}
	when = time.Date(2026, 3, 1, 8, 0, 0, 0, time.FixedZone("", 3600))
)

func endorsement(t testing.TB) *sign.Statement {
	t.Helper()
	p, err := sign.Endorsement{Who: "stella.example", When: when, Why: "release <7>"}.Predicate()
	must(t, err)
	s, err := sign.NewStatement(one, p)
	must(t, err)
	return s
}

func TestGolden(t *testing.T) {
	s, err := sign.NewStatement(several, sign.Predicate{Type: "https://example.test/x/v1", JSON: []byte(" {\n\"n\" : 1.50, \"big\": 12345678901234567890, \"s\": \"\\u00fc<\\/>\", \"l\": [ ] , \"o\":{ }}\n")})
	must(t, err)
	golden(t, "statement.json", s.Bytes())
	golden(t, "endorsement.json", endorsement(t).Bytes())
	e, err := sign.Sign(fixedKey(t), endorsement(t))
	must(t, err)
	golden(t, "entry.json", e.Entry())
	text, err := e.MarshalDSSE()
	must(t, err)
	golden(t, "endorsement.dsse.json", text)
}

// Rekor's own code makes the same leaf of envelope and key.
func TestEntryIsRekors(t *testing.T) {
	e, err := sign.Sign(fixedKey(t), endorsement(t))
	must(t, err)
	digest := sha256.Sum256(e.PAE())
	spki, err := x509.MarshalPKIXPublicKey(fixedKey(t).Public())
	must(t, err)
	leaf, err := hashedrekord.ToEntryHash(digest[:], &rekor.Signature{Content: e.Signature(), Verifier: &rekor.Verifier{
		KeyDetails: protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
		Verifier:   &rekor.Verifier_PublicKey{PublicKey: &rekor.PublicKey{RawBytes: spki}},
	}})
	must(t, err)
	if got := tlog.LeafHash(e.Entry()); !bytes.Equal(got[:], leaf) || len(e.Entry()) > 700 {
		t.Errorf("leaf %s of %d bytes, Rekor's is %x", got, len(e.Entry()), leaf)
	}
}

func TestStatementRefuses(t *testing.T) {
	subject := func(name string, pairs ...string) []attest.Subject {
		s := attest.Subject{Name: name, Digest: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			s.Digest[pairs[i]] = pairs[i+1]
		}
		return []attest.Subject{s}
	}
	many := make([]attest.Subject, 1025)
	for i := range many {
		many[i] = attest.Subject{Name: strings.Repeat("x", i%1000) + string(rune('a'+i/1000)), Digest: one[0].Digest}
	}
	const kind = "https://example.test/x/v1"
	for name, c := range map[string]struct {
		subjects   []attest.Subject
		kind, text string
		reason     string
	}{
		"no subject":              {nil, kind, "{}", "0 subjects"},
		"too many subjects":       {many, kind, "{}", "1025 subjects"},
		"a subject twice":         {append(one[:1:1], one[0]), kind, "{}", "twice"},
		"no digest":               {subject("a"), kind, "{}", "no sha256"},
		"no sha256":               {subject("a", "sha512", strings.Repeat("0a", 64)), kind, "{}", "no sha256"},
		"another algorithm":       {subject("a", "sha256", hex32, "md5", hex32), kind, "{}", `digest by "md5"`},
		"upper case":              {subject("a", "sha256", strings.ToUpper(hex32)), kind, "{}", "lower-case hex"},
		"a short digest":          {subject("a", "sha256", hex32[2:]), kind, "{}", "64 digits"},
		"half a byte":             {subject("a", "sha256", hex32[1:]), kind, "{}", "64 digits"},
		"no hex":                  {subject("a", "sha256", "g"+hex32[1:]), kind, "{}", "64 digits"},
		"a prefix":                {subject("a", "sha256", "sha256:"+hex32), kind, "{}", "64 digits"},
		"a short sha384":          {subject("a", "sha256", hex32, "sha384", hex32), kind, "{}", "96 digits"},
		"a name of two lines":     {subject("a\nb", "sha256", hex32), kind, "{}", "control character"},
		"a name with a separator": {subject("a\u2028b", "sha256", hex32), kind, "{}", "control character"},
		"a name not in UTF-8":     {subject("a\xff", "sha256", hex32), kind, "{}", "UTF-8"},
		"a long name":             {subject(strings.Repeat("n", 1025), "sha256", hex32), kind, "{}", "1025 bytes"},
		"no type":                 {one, "", "{}", "not a URI"},
		"a word for a type":       {one, "custom", "{}", "not a URI"},
		"a type without a scheme": {one, "example.test/x", "{}", "not a URI"},
		"a scheme alone":          {one, "https://", "{}", "not a URI"},
		"a type with a blank":     {one, "tag:a b", "{}", "not a URI"},
		"a type of two lines":     {one, "tag:a\nb", "{}", "control character"},
		"a long type":             {one, "tag:" + strings.Repeat("x", 512), "{}", "516 bytes"},
		"no predicate":            {one, kind, "", "empty"},
		"null":                    {one, kind, "null", "object"},
		"a list":                  {one, kind, "[]", "object"},
		"a string":                {one, kind, `"x"`, "object"},
		"two objects":             {one, kind, "{}{}", "second JSON value"},
		"a text after it":         {one, kind, "{} x", "line 1"},
		"a name twice":            {one, kind, `{"a":1,"a":2}`, "duplicate"},
		"a name twice, escaped":   {one, kind, `{"a":1,"\u0061":2}`, "duplicate"},
		"half a character":        {one, kind, `{"a":"\ud800"}`, "line 1"},
		"not in UTF-8":            {one, kind, "{\"a\":\"\xff\"}", "line 1"},
		"no number":               {one, kind, `{"a":NaN}`, "line 1"},
		"a leading zero":          {one, kind, `{"a":01}`, "line 1"},
		"a comma at the end":      {one, kind, `{"a":1,}`, "line 1"},
		"cut short":               {one, kind, `{"a":`, "cut short"},
		"deep":                    {one, kind, strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), "depth"},
		"many tokens":             {one, kind, `{"a":[` + strings.Repeat("1,", 100_000) + "1]}", "tokens"},
		"large":                   {one, kind, `{"a":"` + strings.Repeat("x", 2<<20) + `"}`, "more than 2097152"},
		"a byte order mark":       {one, kind, "\xef\xbb\xbf{}", "byte order mark"},
		"gzip":                    {one, kind, "\x1f\x8b", "gzip"},
	} {
		s, err := sign.NewStatement(c.subjects, sign.Predicate{Type: c.kind, JSON: []byte(c.text)})
		if !errors.Is(err, sign.ErrStatement) || s != nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
}

func TestEndorsementRefuses(t *testing.T) {
	for name, e := range map[string]sign.Endorsement{
		"nobody":             {When: when},
		"no time":            {Who: "a", When: time.Time{}},
		"the year 10000":     {Who: "a", When: when.AddDate(9000, 0, 0)},
		"who of two lines":   {Who: "a\nb", When: when},
		"why of two lines":   {Who: "a", When: when, Why: "b\nc"},
		"who too long":       {Who: strings.Repeat("a", 257), When: when},
		"why too long":       {Who: "a", When: when, Why: strings.Repeat("a", 1025)},
		"who not in UTF-8":   {Who: "\xff", When: when},
		"an escape in a why": {Who: "a", When: when, Why: "\x1b[31m"},
	} {
		if p, err := e.Predicate(); !errors.Is(err, sign.ErrStatement) || p.JSON != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// badKey is a key whose token gives what it should not.
type badKey struct {
	crypto.Signer
	answer func([]byte) ([]byte, error)
}

func (k badKey) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return k.answer(digest)
}

func TestSignRefuses(t *testing.T) {
	key, gone := fixedKey(t), errors.New("the token is gone")
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	bad := func(answer func([]byte) ([]byte, error)) crypto.Signer { return badKey{key, answer} }
	ec := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		must(t, err)
		return k
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	for name, c := range map[string]struct {
		key    crypto.Signer
		want   error
		reason string
	}{
		"P-384":                 {ec(elliptic.P384()), sign.ErrKey, "cosign"},
		"P-521":                 {ec(elliptic.P521()), sign.ErrKey, "P-521"},
		"P-224":                 {ec(elliptic.P224()), sign.ErrKey, "P-224"},
		"Ed25519":               {edKey, sign.ErrKey, "signs no digest"},
		"RSA":                   {rsaKey, sign.ErrKey, "rsa.PublicKey"},
		"a token that is gone":  {bad(func([]byte) ([]byte, error) { return nil, gone }), gone, "the token is gone"},
		"no signature":          {bad(func([]byte) ([]byte, error) { return nil, nil }), sign.ErrSignature, ""},
		"another key's":         {bad(func(d []byte) ([]byte, error) { return other.Sign(nil, d, crypto.SHA256) }), sign.ErrSignature, ""},
		"over other bytes":      {bad(func([]byte) ([]byte, error) { return key.Sign(nil, make([]byte, 32), crypto.SHA256) }), sign.ErrSignature, ""},
		"r and s as they stand": {bad(func([]byte) ([]byte, error) { return make([]byte, 64), nil }), sign.ErrSignature, ""},
		"bytes after it": {bad(func(d []byte) ([]byte, error) {
			sig, err := key.Sign(nil, d, crypto.SHA256)
			return append(sig, 0), err
		}), sign.ErrSignature, ""},
	} {
		e, err := sign.Sign(c.key, endorsement(t))
		if !errors.Is(err, c.want) || e != nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzStatement holds that whatever is accepted as a predicate makes a statement
// that package attest reads, and the same one each time.
// TestRead: an envelope that was written is read as it was, and nothing else is.
func TestRead(t *testing.T) {
	key := fixedKey(t)
	e, err := sign.Sign(key, endorsement(t))
	must(t, err)
	text, err := e.MarshalDSSE()
	must(t, err)
	again, err := sign.Read(text, key.Public())
	must(t, err)
	if !bytes.Equal(again.Entry(), e.Entry()) || again.KeyID() != e.KeyID() || !bytes.Equal(again.PAE(), e.PAE()) {
		t.Error("it is read as another")
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	if _, err := sign.Read(text, other.Public()); !errors.Is(err, sign.ErrSignature) {
		t.Errorf("by another key: %v", err)
	}
	if _, err := sign.Read(text, ed25519.NewKeyFromSeed(make([]byte, 32)).Public()); !errors.Is(err, sign.ErrKey) {
		t.Errorf("by another kind of key: %v", err)
	}
	for i := range text {
		bad := bytes.Clone(text)
		bad[i] ^= 1
		if _, err := sign.Read(bad, key.Public()); err == nil {
			t.Errorf("byte %d is flipped, and it is read", i)
		}
	}
	for _, bad := range []string{"", "{}", "null", string(text) + " ", strings.Replace(string(text), `"signatures":[`, `"signatures":[{"sig":""},`, 1)} {
		if _, err := sign.Read([]byte(bad), key.Public()); err == nil {
			t.Errorf("%.40q is read", bad)
		}
	}
}

func FuzzStatement(f *testing.F) {
	f.Add("https://example.test/x/v1", `{"a": [1, "b", null]}`, "app")
	key, verifier := fixedKey(f), attest.NewVerifier(trust.None())
	id, err := trust.KeyID(key.Public())
	must(f, err)
	signer := &trust.Signer{Where: "test", Keys: []*trust.Key{{Name: "k", ID: id, Public: key.Public()}}, Needs: trust.DefaultNeeds}
	f.Fuzz(func(t *testing.T, kind, predicate, name string) {
		subjects := []attest.Subject{{Name: name, Digest: one[0].Digest}}
		s, err := sign.NewStatement(subjects, sign.Predicate{Type: kind, JSON: []byte(predicate)})
		if err != nil {
			if !errors.Is(err, sign.ErrStatement) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := sign.NewStatement(subjects, sign.Predicate{Type: kind, JSON: []byte(predicate)})
		if err != nil || !bytes.Equal(s.Bytes(), again.Bytes()) {
			t.Fatalf("%q, then %v", s.Bytes(), err)
		}
		e, err := sign.Sign(key, s)
		must(t, err)
		text, err := e.MarshalDSSE()
		must(t, err)
		docs, err := attest.Parse(text)
		must(t, err)
		v := verifier.Verify(docs[0], attest.Expect{Signers: []*trust.Signer{signer}})
		got := v.Established
		if !v.Verified || got.PredicateType != kind || !reflect.DeepEqual(got.Subjects, subjects) || got.Signer.Keys[0].SHA256 != e.KeyID() {
			t.Fatalf("%q is read as %+v, %s", s.Bytes(), got, v.Reason)
		}
	})
}
