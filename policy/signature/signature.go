// Package signature signs policy bundles and verifies them, as OPA does: a JWT (RFC 7519) in .signatures.json that has the
// digest of every other file. Rego is digested as bytes, JSON and YAML by what they say.
//
// A JWT says nothing of when it was made: who may sign now is the caller's to know. The algorithm is the key's and never
// the JWT's own word for it.
package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"

	opa "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"stellad/policy/bundle"
)

// Sentinels.
var (
	ErrUnsigned  = errors.New("the policy bundle is not signed")
	ErrSignature = errors.New("the policy bundle's signature does not hold")
)

// A Key may sign policy bundles.
type Key struct {
	Name   string
	Public crypto.PublicKey
}

// ID is how a JWT names a key: the SHA-256 of its SPKI, lower-case hex.
func ID(public crypto.PublicKey) (string, error) {
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:]), nil
}

// Sign gives the bundle that has files and a signature over all of them, ES256 (RFC 7518 §3.4) by a key on P-256.
// Signatures that are there are replaced.
func Sign(files bundle.Files, key crypto.Signer) (bundle.Files, error) {
	id, err := ID(key.Public())
	if err != nil {
		return nil, fmt.Errorf("sign a policy bundle: %w", err)
	}
	files = maps.Clone(files)
	delete(files, bundle.Signatures)
	payload, err := digests(files)
	if err != nil {
		return nil, fmt.Errorf("sign a policy bundle: %w", err)
	}
	header, err := json.Marshal(map[string]string{"alg": "ES256", "typ": "JWT", "kid": id})
	if err != nil {
		return nil, err
	}
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sig, err := es256(key, []byte(signed))
	if err != nil {
		return nil, fmt.Errorf("sign a policy bundle: %w", err)
	}
	files[bundle.Signatures], err = json.Marshal(map[string][]string{"signatures": {signed + "." + base64.RawURLEncoding.EncodeToString(sig)}})
	return files, err
}

// digests gives the claims: every file with its digest.
func digests(files bundle.Files) ([]byte, error) {
	hasher, err := opa.NewSignatureHasher(opa.SHA256)
	if err != nil {
		return nil, err
	}
	claims := struct {
		Files []opa.FileInfo `json:"files"`
	}{}
	for _, name := range files.Names() {
		var value any = files[name]
		if opa.IsStructuredDoc(name) {
			if err := util.Unmarshal(files[name], &value); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		sum, err := hasher.HashFile(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		claims.Files = append(claims.Files, opa.NewFile(name, hex.EncodeToString(sum), "SHA-256"))
	}
	return json.Marshal(claims)
}

// es256 signs as RFC 7518 §3.4 has it: r and s, 32 bytes each.
func es256(key crypto.Signer, text []byte) ([]byte, error) {
	public, ok := key.Public().(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, errors.New("ES256 needs a key on P-256")
	}
	digest := sha256.Sum256(text)
	der, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	r, s := new(big.Int), new(big.Int)
	outer, inner := cryptobyte.String(der), cryptobyte.String{}
	if !outer.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) || !inner.Empty() || !outer.Empty() {
		return nil, errors.New("the key's signature is no ECDSA signature")
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

// Verify tells by which of the keys a bundle is signed. Errors wrap ErrUnsigned or ErrSignature, or are json's.
func Verify(files bundle.Files, keys []Key) (Key, error) {
	text, there := files[bundle.Signatures]
	if !there {
		return Key{}, ErrUnsigned
	}
	var held opa.SignaturesConfig
	if err := json.Unmarshal(text, &held); err != nil {
		return Key{}, fmt.Errorf("%w: %s: %w", ErrSignature, bundle.Signatures, err)
	}
	held.Plugin = "" // who verifies is not the bundle's to say
	failed := errors.New("no key is accepted for policy bundles")
	for _, k := range keys {
		signed, err := by(k, held)
		if err == nil {
			return k, covers(files, signed)
		}
		failed = fmt.Errorf("by none of %d keys that may sign policies; by %s: %w", len(keys), k.Name, err)
	}
	return Key{}, fmt.Errorf("%w: %w", ErrSignature, failed)
}

// by verifies the JWT by one key.
func by(k Key, held opa.SignaturesConfig) (map[string]opa.FileInfo, error) {
	algorithm, err := algorithmOf(k.Public)
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	return opa.VerifyBundleSignature(held, opa.NewVerificationConfig(map[string]*opa.KeyConfig{k.Name: {Key: string(text), Algorithm: algorithm}}, k.Name, "", nil))
}

func algorithmOf(public crypto.PublicKey) (string, error) {
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		if name := map[elliptic.Curve]string{elliptic.P256(): "ES256", elliptic.P384(): "ES384", elliptic.P521(): "ES512"}[p.Curve]; name != "" {
			return name, nil
		}
	case *rsa.PublicKey:
		return "PS256", nil // never PKCS #1 v1.5
	}
	return "", fmt.Errorf("a key of type %T signs no policy bundle", public)
}

// covers holds every file to what is signed of it, and what is signed to the files.
func covers(files bundle.Files, signed map[string]opa.FileInfo) error {
	for _, name := range files.Names() {
		if name == bundle.Signatures {
			continue
		}
		if err := opa.VerifyBundleFile(name, *bytes.NewBuffer(files[name]), signed); err != nil {
			return fmt.Errorf("%w: %w", ErrSignature, err)
		}
	}
	for name := range signed {
		return fmt.Errorf("%w: %s is signed and is not there", ErrSignature, name)
	}
	return nil
}
