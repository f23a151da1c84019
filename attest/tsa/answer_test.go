package tsa_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"stellad/attest/tsa"
)

// What is asked for is answered: imprint, nonce, certificate; at the time given.
func TestAnswer(t *testing.T) {
	s := newSetup(t)
	for name, r := range map[string]timestamp.Request{
		"SHA-256":             {HashAlgorithm: crypto.SHA256},
		"SHA-384":             {HashAlgorithm: crypto.SHA384, Certificates: true},
		"SHA-512":             {HashAlgorithm: crypto.SHA512, Certificates: true, Nonce: big.NewInt(1 << 62)},
		"a nonce of 64 bytes": {HashAlgorithm: crypto.SHA256, Nonce: new(big.Int).Lsh(big.NewInt(1), 511)},
		"a nonce below zero":  {HashAlgorithm: crypto.SHA256, Nonce: big.NewInt(-5)},
		"the policy":          {HashAlgorithm: crypto.SHA256, TSAPolicyOID: tsa.Policy, Certificates: true},
	} {
		h := r.HashAlgorithm.New()
		h.Write([]byte("message"))
		r.HashedMessage = h.Sum(nil)
		der, err := r.Marshal()
		must(t, err)
		response, err := s.Answer(der, now, 1500*time.Millisecond)
		must(t, err)
		stamp, err := s.verify(t, response, r.HashAlgorithm, r.HashedMessage)
		must(t, err)
		if !stamp.Time.Equal(now.Truncate(time.Second)) {
			t.Errorf("%s: time %s", name, stamp.Time)
		}
		got, err := timestamp.ParseResponse(response)
		must(t, err)
		if (len(got.Certificates) == 1) != r.Certificates || got.Accuracy != 3*time.Second || !got.Policy.Equal(tsa.Policy) {
			t.Errorf("%s: %+v", name, got)
		}
		if (got.Nonce == nil) != (r.Nonce == nil) || r.Nonce != nil && got.Nonce.Cmp(r.Nonce) != 0 {
			t.Errorf("%s: nonce %v, asked %v", name, got.Nonce, r.Nonce)
		}
	}
}

func TestStamp(t *testing.T) {
	s := newSetup(t)
	seen := map[string]bool{}
	for range 100 {
		response, err := s.Stamp([]byte("message"), now, 0)
		must(t, err)
		got, err := timestamp.ParseResponse(response)
		must(t, err)
		if serial := got.SerialNumber; seen[serial.String()] || serial.Sign() <= 0 || serial.BitLen() > 159 || serial.BitLen() < 100 {
			t.Fatalf("serial %s", serial)
		}
		seen[got.SerialNumber.String()] = true
	}
}

// requestOf is a request by hand, with what Marshal of a library would not write.
func requestOf(t *testing.T, change func(*rawRequest)) []byte {
	t.Helper()
	r := &rawRequest{Version: 1}
	r.Imprint.Algorithm.Algorithm, r.Imprint.Digest = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, make([]byte, 32)
	change(r)
	der, err := asn1.Marshal(*r)
	must(t, err)
	return der
}

type rawRequest struct {
	Version int
	Imprint struct {
		Algorithm struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Digest []byte
	}
	Policy     asn1.ObjectIdentifier `asn1:"optional"`
	Nonce      asn1.RawValue         `asn1:"optional"`
	CertReq    asn1.RawValue         `asn1:"optional"`
	Extensions asn1.RawValue         `asn1:"optional"`
}

func TestRejections(t *testing.T) {
	s := newSetup(t)
	extension := []byte{0xa0, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x2a, 0x03, 0x04, 0x04, 0x02, 0x05, 0x00}
	good := requestOf(t, func(*rawRequest) {})
	if _, err := s.Answer(good, now, 0); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		request []byte
		want    error
		bit     int
	}{
		"nothing":                  {nil, tsa.ErrFormat, 5},
		"no DER":                   {[]byte("hello"), tsa.ErrFormat, 5},
		"cut short":                {good[:len(good)-1], tsa.ErrFormat, 5},
		"a byte after it":          {append(bytes.Clone(good), 0), tsa.ErrFormat, 5},
		"too long":                 {requestOf(t, func(r *rawRequest) { r.Nonce = asn1.RawValue{Tag: 2, Bytes: bytes.Repeat([]byte{1}, 1024)} }), tsa.ErrFormat, 5},
		"BER length":               {append([]byte{0x30, 0x81}, good[1:]...), tsa.ErrFormat, 5},
		"a false that DER omits":   {requestOf(t, func(r *rawRequest) { r.CertReq = asn1.RawValue{Tag: 1, Bytes: []byte{0}} }), tsa.ErrFormat, 5},
		"a true that isn't DER":    {requestOf(t, func(r *rawRequest) { r.CertReq = asn1.RawValue{Tag: 1, Bytes: []byte{1}} }), tsa.ErrFormat, 5},
		"a padded nonce":           {requestOf(t, func(r *rawRequest) { r.Nonce = asn1.RawValue{Tag: 2, Bytes: []byte{0, 1}} }), tsa.ErrFormat, 5},
		"a member after its end":   {requestOf(t, func(r *rawRequest) { r.Extensions = asn1.RawValue{Tag: 4, Bytes: []byte{1}} }), tsa.ErrFormat, 5},
		"a digest too short":       {requestOf(t, func(r *rawRequest) { r.Imprint.Digest = make([]byte, 31) }), tsa.ErrFormat, 5},
		"a digest of another hash": {requestOf(t, func(r *rawRequest) { r.Imprint.Digest = make([]byte, 48) }), tsa.ErrFormat, 5},
		"no digest":                {requestOf(t, func(r *rawRequest) { r.Imprint.Digest = nil }), tsa.ErrFormat, 5},
		"version 0":                {requestOf(t, func(r *rawRequest) { r.Version = 0 }), tsa.ErrRequest, 2},
		"version 2":                {requestOf(t, func(r *rawRequest) { r.Version = 2 }), tsa.ErrRequest, 2},
		"SHA-1":                    {requestOf(t, func(r *rawRequest) { r.Imprint.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26} }), tsa.ErrAlgorithm, 0},
		"SHA-512/256":              {requestOf(t, func(r *rawRequest) { r.Imprint.Algorithm.Algorithm[8] = 6 }), tsa.ErrAlgorithm, 0},
		"a hash with parameters":   {requestOf(t, func(r *rawRequest) { r.Imprint.Algorithm.Parameters = asn1.RawValue{Tag: 4, Bytes: []byte{1}} }), tsa.ErrAlgorithm, 0},
		"another policy":           {requestOf(t, func(r *rawRequest) { r.Policy = asn1.ObjectIdentifier{1, 2, 3} }), tsa.ErrPolicy, 15},
		"an extension":             {requestOf(t, func(r *rawRequest) { r.Extensions = asn1.RawValue{FullBytes: extension} }), tsa.ErrExtension, 16},
	} {
		response, err := s.Answer(c.request, now, 0)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		rejection(t, name, response, c.bit)
	}
}

// rejection reads an answer and wants the one bit set that says why.
func rejection(t *testing.T, name string, response []byte, bit int) {
	t.Helper()
	var r struct {
		Status struct {
			Status  int
			Failure asn1.BitString
		}
	}
	rest, err := asn1.Unmarshal(response, &r)
	if err != nil || len(rest) > 0 || r.Status.Status != 2 || r.Status.Failure.BitLength != bit+1 || r.Status.Failure.At(bit) != 1 {
		t.Errorf("%s: answered %x: %+v, %v", name, response, r, err)
	}
	for i := range bit {
		if r.Status.Failure.At(i) != 0 {
			t.Errorf("%s: bit %d is set too", name, i)
		}
	}
	if _, err := timestamp.ParseResponse(response); err == nil || !strings.Contains(err.Error(), "rejected") {
		t.Errorf("%s: a reader says %v", name, err)
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

func TestUnable(t *testing.T) {
	s, other := newSetup(t), newKey(t, elliptic.P256())
	gone := errors.New("the token is gone")
	for name, c := range map[string]struct {
		answer   func([]byte) ([]byte, error)
		at       time.Time
		accuracy time.Duration
		want     error
	}{
		"a token that is gone":       {func([]byte) ([]byte, error) { return nil, gone }, now, 0, gone},
		"no signature":               {func([]byte) ([]byte, error) { return nil, nil }, now, 0, tsa.ErrAuthority},
		"another key's signature":    {func(d []byte) ([]byte, error) { return other.Sign(nil, d, crypto.SHA256) }, now, 0, tsa.ErrAuthority},
		"a signature of other bytes": {func(d []byte) ([]byte, error) { return s.key.Sign(nil, make([]byte, 32), crypto.SHA256) }, now, 0, tsa.ErrAuthority},
		"before the certificate":     {nil, s.leaf.NotBefore.Add(-time.Second), 0, tsa.ErrAuthority},
		"after the certificate":      {nil, s.leaf.NotAfter.Add(time.Second), 0, tsa.ErrAuthority},
		"no time":                    {nil, time.Time{}, 0, tsa.ErrAuthority},
		"an accuracy below zero":     {nil, now, -1, tsa.ErrAuthority},
		"an accuracy of days":        {nil, now, 25 * time.Hour, tsa.ErrAuthority},
	} {
		key := crypto.Signer(s.key)
		if c.answer != nil {
			key = badKey{s.key, c.answer}
		}
		a, err := tsa.NewAuthority(key, s.leaf, s.root)
		must(t, err)
		response, err := a.Stamp([]byte("m"), c.at, c.accuracy)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		rejection(t, name, response, 25)
	}
}

// FuzzRequest holds that any bytes get an answer, and that a token is given for
// exactly what was asked.
func FuzzRequest(f *testing.F) {
	s := newSetup(f)
	for _, r := range []timestamp.Request{
		{HashAlgorithm: crypto.SHA256, HashedMessage: make([]byte, 32), Nonce: big.NewInt(7), Certificates: true},
		{HashAlgorithm: crypto.SHA512, HashedMessage: make([]byte, 64), TSAPolicyOID: tsa.Policy},
	} {
		der, err := r.Marshal()
		must(f, err)
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		response, err := s.Answer(der, now, time.Second)
		if err != nil {
			if _, err := timestamp.ParseResponse(response); err == nil {
				t.Fatal("a rejection that is read as a token")
			}
			return
		}
		asked, err := timestamp.ParseRequest(der)
		must(t, err)
		got, err := timestamp.ParseResponse(response)
		must(t, err)
		if got.HashAlgorithm != asked.HashAlgorithm || !bytes.Equal(got.HashedMessage, asked.HashedMessage) || (got.Nonce == nil) != (asked.Nonce == nil) ||
			asked.Nonce != nil && asked.Nonce.Cmp(got.Nonce) != 0 || (len(got.Certificates) > 0) != asked.Certificates {
			t.Fatalf("asked %+v, got %+v", asked, got)
		}
	})
}
