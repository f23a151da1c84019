package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protoroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Contents are what a Sigstore trusted root names, in its order, for a reader's eyes.
type Contents struct {
	Logs                   []LogInRoot       `json:"logs"`
	TimestampAuthorities   []AuthorityInRoot `json:"timestampAuthorities"`
	CertificateAuthorities []AuthorityInRoot `json:"certificateAuthorities"`
	CertificateLogs        []LogInRoot       `json:"certificateLogs"`
}

// LogInRoot is one key of a log. A zero time leaves that side of its span open.
type LogInRoot struct {
	URL   string    `json:"url"`
	ID    string    `json:"id"`  // its logId.keyId, in hex
	Key   string    `json:"key"` // as KeyKind says it
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// AuthorityInRoot is one authority.
type AuthorityInRoot struct {
	URI     string    `json:"uri"`
	Subject string    `json:"subject"` // of the first certificate of its chain: of a timestamping authority, what signs
	SHA256  string    `json:"sha256"`  // of that certificate, in hex
	From    time.Time `json:"from,omitzero"`
	Until   time.Time `json:"until,omitzero"`
}

// Contents gives what the root names.
func (r *Root) Contents() Contents {
	if r.doc == nil {
		return Contents{}
	}
	return Contents{
		Logs: logsIn(r.doc.GetTlogs()), CertificateLogs: logsIn(r.doc.GetCtlogs()),
		TimestampAuthorities: authoritiesIn(r.doc.GetTimestampAuthorities()), CertificateAuthorities: authoritiesIn(r.doc.GetCertificateAuthorities()),
	}
}

func logsIn(logs []*protoroot.TransparencyLogInstance) []LogInRoot {
	out := []LogInRoot{}
	for _, l := range logs {
		in := LogInRoot{URL: l.GetBaseUrl(), ID: hex.EncodeToString(l.GetLogId().GetKeyId()), Key: l.GetPublicKey().GetKeyDetails().String()}
		if public, err := x509.ParsePKIXPublicKey(l.GetPublicKey().GetRawBytes()); err == nil {
			in.Key = KeyKind(public)
		}
		in.From, in.Until = spanIn(l.GetPublicKey().GetValidFor())
		out = append(out, in)
	}
	return out
}

func authoritiesIn(authorities []*protoroot.CertificateAuthority) []AuthorityInRoot {
	out := []AuthorityInRoot{}
	for _, a := range authorities {
		in := AuthorityInRoot{URI: a.GetUri()}
		if chain := a.GetCertChain().GetCertificates(); len(chain) > 0 {
			sum := sha256.Sum256(chain[0].GetRawBytes())
			in.SHA256 = hex.EncodeToString(sum[:])
			if c, err := x509.ParseCertificate(chain[0].GetRawBytes()); err == nil {
				in.Subject = c.Subject.String()
			}
		}
		in.From, in.Until = spanIn(a.GetValidFor())
		out = append(out, in)
	}
	return out
}

func spanIn(span *protocommon.TimeRange) (from, until time.Time) {
	at := func(t *timestamppb.Timestamp) time.Time {
		if t == nil {
			return time.Time{}
		}
		return t.AsTime()
	}
	return at(span.GetStart()), at(span.GetEnd())
}

// KeyKind says what a public key is, such as "ECDSA P-256", "Ed25519", "RSA 2048".
func KeyKind(public crypto.PublicKey) string {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	}
	return fmt.Sprintf("%T", public)
}
