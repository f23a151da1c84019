package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The parameters of the curves, as CKA_EC_PARAMS has them: named by OID (RFC 5480 §2.1.1.1), or Ed25519 by its name, a
// PrintableString (PKCS#11 3.0 §2.3.10), or in other modules by OID too (RFC 8410 §3).
var (
	paramsP256     = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	paramsP384     = []byte{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}
	paramsEdwards  = append([]byte{asn1.TagPrintableString, 12}, "edwards25519"...)
	paramsEdOID    = []byte{0x06, 0x03, 0x2b, 0x65, 0x70}
	errNotUsed     = errors.New("a key of no kind that is used here")
	errBadPoint    = errors.New("CKA_EC_POINT is no point of the curve")
	errBadNumbers  = errors.New("a signature that is not r and s")
	errBadModulus  = errors.New("CKA_MODULUS and CKA_PUBLIC_EXPONENT are no RSA key's")
	maxModulusBits = 8192
)

// ecPublic reads CKA_EC_PARAMS and CKA_EC_POINT.
func ecPublic(params, point []byte) (crypto.PublicKey, error) {
	switch {
	case bytes.Equal(params, paramsP256):
		return ecdsaPublic(elliptic.P256(), point, 65)
	case bytes.Equal(params, paramsP384):
		return ecdsaPublic(elliptic.P384(), point, 97)
	case bytes.Equal(params, paramsEdwards), bytes.Equal(params, paramsEdOID):
		raw, err := unwrapPoint(point, ed25519.PublicKeySize)
		return ed25519.PublicKey(raw), err
	}
	return nil, errNotUsed
}

func ecdsaPublic(curve elliptic.Curve, point []byte, size int) (crypto.PublicKey, error) {
	raw, err := unwrapPoint(point, size)
	if err != nil {
		return nil, err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadPoint, err)
	}
	return public, nil
}

// unwrapPoint takes a point of size bytes, below 128, out of its OCTET STRING (PKCS#11 2.40 Mechanisms §2.3.3), or as
// some modules give it without one. The length tells: 0x04 begins both.
func unwrapPoint(point []byte, size int) ([]byte, error) {
	switch {
	case len(point) == size:
		return point, nil
	case len(point) == size+2 && point[0] == asn1.TagOctetString && int(point[1]) == size:
		return point[2:], nil
	}
	return nil, fmt.Errorf("%w: %d bytes", errBadPoint, len(point))
}

// wrapPoint is the reverse.
func wrapPoint(point []byte) []byte {
	return append([]byte{asn1.TagOctetString, byte(len(point))}, point...)
}

func rsaPublic(modulus, exponent []byte) (crypto.PublicKey, error) {
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if n.BitLen() > maxModulusBits || n.BitLen() < 1024 || !e.IsInt64() || e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
		return nil, errBadModulus
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// derSignature turns r‖s, each of the curve's length, into the SEQUENCE that verifiers read (RFC 3279 §2.2.3).
func derSignature(raw []byte, curve elliptic.Curve) ([]byte, error) {
	size := (curve.Params().BitSize + 7) / 8
	if len(raw) != 2*size {
		return nil, fmt.Errorf("%w: %d bytes", errBadNumbers, len(raw))
	}
	r, s := new(big.Int).SetBytes(raw[:size]), new(big.Int).SetBytes(raw[size:])
	for _, v := range []*big.Int{r, s} {
		if v.Sign() == 0 || v.Cmp(curve.Params().N) >= 0 {
			return nil, errBadNumbers
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1BigInt(r); b.AddASN1BigInt(s) })
	return b.Bytes()
}
