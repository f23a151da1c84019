package tsa

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// tstInfo is RFC 3161 §2.4.2's TSTInfo.
type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  imprint // the request's own
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct{ Seconds int }
	Nonce    *big.Int      `asn1:"optional"`
	TSA      asn1.RawValue // [0] EXPLICIT GeneralName
}

// contentInfo, signedData and signerInfo are RFC 5652 §3, §5.1 and §5.3.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue
}

type signedData struct {
	Version      int
	Algorithms   []pkix.AlgorithmIdentifier `asn1:"set"`
	Encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version int
	ID      struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

// signingCertificate is RFC 5035 §3's SigningCertificateV2; its hash is SHA-256,
// the default.
type signingCertificate struct {
	Certs []struct{ Hash []byte }
}

// token makes a TimeStampToken.
func (a *Authority) token(r *request, at time.Time, accuracy time.Duration) ([]byte, error) {
	info, err := a.info(r, at, accuracy)
	if err != nil {
		return nil, err
	}
	attributes, err := a.attributes(info)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(attributes)
	sig, err := a.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	signed := signedData{Version: 3, Algorithms: []pkix.AlgorithmIdentifier{{Algorithm: oidSHA256}}}
	signed.Encapsulated.Type, signed.Encapsulated.Content = oidTSTInfo, info
	if r.CertReq {
		signed.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: a.leaf.Raw}
	}
	signer := signerInfo{
		Version: 1, Digest: pkix.AlgorithmIdentifier{Algorithm: oidSHA256},
		Attributes: implicit(attributes), Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}, Signature: sig,
	}
	signer.ID.Issuer, signer.ID.Serial = asn1.RawValue{FullBytes: a.leaf.RawIssuer}, a.leaf.SerialNumber
	signed.Signers = []signerInfo{signer}
	inner, err := asn1.Marshal(signed)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{oidSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
}

func (a *Authority) info(r *request, at time.Time, accuracy time.Duration) ([]byte, error) {
	serial, err := random(159)
	if err != nil {
		return nil, err
	}
	name, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: a.leaf.RawSubject})
	if err != nil {
		return nil, err
	}
	info := tstInfo{
		Version: 1, Policy: Policy, Imprint: r.Imprint, Serial: serial, Time: at, Nonce: r.Nonce,
		TSA: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: name},
	}
	info.Accuracy.Seconds = int((accuracy+time.Second-1)/time.Second) + 1
	return asn1.Marshal(info)
}

// attributes gives the signed attributes as the signature is over them: a SET in
// the order of DER. RFC 5652 §5.4, RFC 5816 §2.2.1.
func (a *Authority) attributes(info []byte) ([]byte, error) {
	content, leaf := sha256.Sum256(info), sha256.Sum256(a.leaf.Raw)
	return asn1.MarshalWithParams([]attribute{
		{oidContentType, []any{oidTSTInfo}},
		{oidMessageDigest, []any{content[:]}},
		{oidSigningCertificate, []any{signingCertificate{[]struct{ Hash []byte }{{leaf[:]}}}}},
	}, "set")
}

// implicit gives the attributes as they stand in the signer's info: tagged [0] where
// the signature is over a SET.
func implicit(set []byte) asn1.RawValue {
	tagged := append([]byte{0xa0}, set[1:]...)
	return asn1.RawValue{FullBytes: tagged}
}
