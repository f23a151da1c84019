package publish

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrust "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"stellad/tlog"
)

const rootMediaType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"

func (a Appliance) trustedRoot() ([]byte, error) {
	doc := &prototrust.TrustedRoot{MediaType: rootMediaType}
	for _, l := range a.Logs {
		log, err := a.tlog(l)
		if err != nil {
			return nil, err
		}
		doc.Tlogs = append(doc.Tlogs, log)
	}
	for _, t := range a.Timestampers {
		authority, err := a.timestamper(t)
		if err != nil {
			return nil, err
		}
		doc.TimestampAuthorities = append(doc.TimestampAuthorities, authority)
	}
	raw, err := protojson.Marshal(doc)
	if err != nil {
		return nil, err
	}
	// protojson varies its blanks on purpose.
	text := jsontext.Value(raw)
	if err := text.Indent(jsontext.WithIndent("  "), jsontext.PreserveRawStrings(true)); err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

func (a Appliance) tlog(l Log) (*prototrust.TransparencyLogInstance, error) {
	key, err := tlog.NewVerifierKey(a.Name, l.Public)
	if err != nil {
		return nil, err
	}
	details := protocommon.PublicKeyDetails_PKIX_ED25519
	switch k := l.Public.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		details = protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
		if k.Curve != elliptic.P256() {
			return nil, fmt.Errorf("the log's key is on %s; P-256 or Ed25519 are read", k.Params().Name)
		}
	}
	span, err := spanOf(l.From, l.Until)
	if err != nil {
		return nil, fmt.Errorf("the log's key %08x: %w", key.KeyHash(), err)
	}
	id := key.LogID()
	return &prototrust.TransparencyLogInstance{
		// cosign compares the host of this URL with the origin of checkpoints.
		BaseUrl:       "https://" + a.Name,
		HashAlgorithm: protocommon.HashAlgorithm_SHA2_256,
		PublicKey:     &protocommon.PublicKey{RawBytes: []byte(spkiOf(l.Public)), KeyDetails: details, ValidFor: span},
		LogId:         &protocommon.LogId{KeyId: id[:]},
	}, nil
}

// timestamper states an authority under a URI of its own: readers count distinct ones.
func (a Appliance) timestamper(t Timestamper) (*prototrust.CertificateAuthority, error) {
	if t.Leaf == nil || t.Root == nil || t.Leaf.Equal(t.Root) || !t.Root.IsCA {
		return nil, errors.New("a timestamping authority is a leaf and a root distinct from it")
	}
	until := t.Until
	if until.IsZero() || until.After(t.Leaf.NotAfter) {
		until = t.Leaf.NotAfter
	}
	span, err := spanOf(t.From, until)
	if err != nil {
		return nil, fmt.Errorf("timestamping authority %q: %w", t.Leaf.Subject, err)
	}
	sum := sha256.Sum256(t.Leaf.Raw)
	return &prototrust.CertificateAuthority{
		Subject: &protocommon.DistinguishedName{Organization: a.Name, CommonName: t.Leaf.Subject.CommonName},
		Uri:     "https://" + a.Name + "/timestamp/" + hex.EncodeToString(sum[:8]),
		CertChain: &protocommon.X509CertificateChain{Certificates: []*protocommon.X509Certificate{
			{RawBytes: t.Leaf.Raw}, {RawBytes: t.Root.Raw},
		}},
		ValidFor: span,
	}, nil
}

// spanOf gives a span with a start, without which readers refuse it.
func spanOf(from, until time.Time) (*protocommon.TimeRange, error) {
	if from.IsZero() || !until.IsZero() && until.Before(from) {
		return nil, fmt.Errorf("it is valid from %s until %s", from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	span := &protocommon.TimeRange{Start: timestamppb.New(from)}
	if !until.IsZero() {
		span.End = timestamppb.New(until)
	}
	return span, nil
}
