package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protoroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"stellad/attest/trust"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// pki is a root, an issuing certificate and a leaf, each of which a test spoils.
type pki struct{ root, issuer, leaf *x509.Certificate }

func newPKI(t testing.TB, change func(*pki)) pki {
	t.Helper()
	p := pki{
		root: &x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign},
		issuer: &x509.Certificate{
			Subject: pkix.Name{CommonName: "issuer"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		},
		leaf: &x509.Certificate{Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{"leaf.test"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}},
	}
	for _, c := range []*x509.Certificate{p.root, p.issuer, p.leaf} {
		c.NotBefore, c.NotAfter = epoch, epoch.AddDate(1, 0, 0)
	}
	if change != nil {
		change(&p)
	}
	var parent *x509.Certificate
	var parentKey *ecdsa.PrivateKey
	for i, c := range []**x509.Certificate{&p.root, &p.issuer, &p.leaf} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		(*c).SerialNumber = big.NewInt(int64(i + 1))
		if parent == nil {
			parent, parentKey = *c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, *c, parent, &key.PublicKey, parentKey)
		must(t, err)
		*c, err = x509.ParseCertificate(der)
		must(t, err)
		parent, parentKey = *c, key
	}
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// trusted makes a trusted root of the root and the issuing certificate.
func (p pki) trusted(t testing.TB) (*trust.Trust, error) {
	t.Helper()
	text, err := protojson.Marshal(&protoroot.TrustedRoot{
		MediaType: root.TrustedRootMediaType01,
		CertificateAuthorities: []*protoroot.CertificateAuthority{{
			Uri:       "https://ca.test",
			CertChain: &protocommon.X509CertificateChain{Certificates: []*protocommon.X509Certificate{{RawBytes: p.issuer.Raw}, {RawBytes: p.root.Raw}}},
			ValidFor:  &protocommon.TimeRange{Start: timestamppb.New(epoch), End: timestamppb.New(epoch.AddDate(0, 6, 0))},
		}},
	})
	must(t, err)
	return trust.Parse([]trust.File{{Name: "trusted_root.json", Bytes: text}})
}

// TestAuthorities holds the authorities, whose own paths are checked once, to
// what sigstore-go's, which check everything each time, answer.
func TestAuthorities(t *testing.T) {
	old := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = epoch, epoch.AddDate(0, 1, 0) }
	for name, change := range map[string]func(*pki){
		"good":                        nil,
		"root expired early":          func(p *pki) { old(p.root) },
		"issuer expired early":        func(p *pki) { old(p.issuer) },
		"leaf expired early":          func(p *pki) { old(p.leaf) },
		"root came late":              func(p *pki) { p.root.NotBefore = epoch.AddDate(0, 2, 0) },
		"leaf for something else":     func(p *pki) { p.leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
		"leaf is a CA":                func(p *pki) { p.leaf.IsCA, p.leaf.BasicConstraintsValid = true, true },
		"root allows no intermediate": func(p *pki) { p.root.MaxPathLenZero = true },
		"root allows one":             func(p *pki) { p.root.MaxPathLen = 1 },
		"root constrains names": func(p *pki) {
			p.root.PermittedDNSDomainsCritical, p.root.PermittedDNSDomains = true, []string{"other.test"}
		},
		"issuer constrains names": func(p *pki) {
			p.issuer.PermittedDNSDomainsCritical, p.issuer.PermittedDNSDomains = true, []string{"other.test"}
		},
		"leaf with an unknown critical extension": func(p *pki) {
			p.leaf.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPKI(t, change)
			peer := &root.FulcioCertificateAuthority{
				Root: p.root, Intermediates: []*x509.Certificate{p.issuer}, ValidityPeriodStart: epoch, ValidityPeriodEnd: epoch.AddDate(0, 6, 0),
			}
			got, err := p.trusted(t)
			for month := -1; month <= 13; month++ {
				at := epoch.AddDate(0, month, 15)
				chains, want := peer.Verify(p.leaf, at)
				if err != nil {
					if want == nil {
						t.Fatalf("refused as it was loaded, and good at %s: %v", at, err)
					}
					continue
				}
				ours, answer := got.Roots[0].FulcioCertificateAuthorities()[0].Verify(p.leaf, at)
				if (answer == nil) != (want == nil) {
					t.Errorf("at %s: %v, and sigstore-go: %v", at, answer, want)
				}
				if answer == nil && (len(ours) != 1 || len(ours[0]) != len(chains[0])) {
					t.Errorf("at %s: paths %v, want %v", at, ours, chains)
				}
			}
		})
	}
}

// TestUnusableAuthorities are refused as they are loaded, by name.
func TestUnusableAuthorities(t *testing.T) {
	p, stranger := newPKI(t, nil), newPKI(t, nil)
	p.root = stranger.root
	_, err := p.trusted(t)
	if err == nil || !strings.Contains(err.Error(), "certificateAuthorities[0] https://ca.test") {
		t.Errorf("got %v", err)
	}
}

// FuzzTrustedRoot holds that no bytes make the package panic.
func FuzzTrustedRoot(f *testing.F) {
	f.Add([]byte(realRoot(f)))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := trust.Parse([]trust.File{{Name: "trusted_root.json", Bytes: text}})
		if err == nil && len(got.Roots) != 1 {
			t.Fatalf("%d roots", len(got.Roots))
		}
	})
}
