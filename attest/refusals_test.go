package attest_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"stellad/attest"
	"stellad/attest/trust"
)

// TestRefusedBundles takes bundles that verify and gives each one flaw that its
// signatures don't tell.
func TestRefusedBundles(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	must(t, err)
	v01, v03, real := virtualV1(t, virtual), virtualV2(t, virtual), publicGood(t, "sigstore.js@2.0.0-provenance.sigstore.json")
	for _, c := range []struct {
		name   string
		from   fixture
		change func(*protobundle.Bundle)
		reason string
	}{
		{"two envelope signatures", v03, func(b *protobundle.Bundle) {
			e := b.GetDsseEnvelope()
			e.Signatures = append(e.Signatures, e.Signatures[0])
		}, "2 signatures"},
		{"no envelope signature", v03, func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures = nil }, "0 signatures"},
		{"the same entry twice", v03, func(b *protobundle.Bundle) {
			m := b.VerificationMaterial
			m.TlogEntries = append(m.TlogEntries, m.TlogEntries[0])
		}, "twice"},
		{"the same entry at another index", v03, func(b *protobundle.Bundle) {
			m := b.VerificationMaterial
			again := proto.Clone(m.TlogEntries[0]).(*protorekor.TransparencyLogEntry)
			again.LogIndex++
			m.TlogEntries = append(m.TlogEntries, again)
		}, "twice"},
		{"a good entry beside a bad one", v01, func(b *protobundle.Bundle) {
			m := b.VerificationMaterial
			bad := proto.Clone(m.TlogEntries[0]).(*protorekor.TransparencyLogEntry)
			bad.LogIndex++
			bad.CanonicalizedBody = append([]byte(" "), bad.CanonicalizedBody...)
			m.TlogEntries = append(m.TlogEntries, bad)
		}, "log entry: tlogEntries[1]"},
		{"too many entries", v03, func(b *protobundle.Bundle) {
			for range 33 {
				b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, &protorekor.TransparencyLogEntry{})
			}
		}, "more than 32"},
		{"the same timestamp twice", v03, func(b *protobundle.Bundle) {
			d := b.VerificationMaterial.TimestampVerificationData
			d.Rfc3161Timestamps = append(d.Rfc3161Timestamps, d.Rfc3161Timestamps[0])
		}, "twice"},
		{"a made-up timestamp beside a good one", v03, func(b *protobundle.Bundle) {
			d := b.VerificationMaterial.TimestampVerificationData
			d.Rfc3161Timestamps = append(d.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: []byte{0x30, 0}})
		}, "rfc3161Timestamps[1]"},
		{"a negative log index", v03, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].LogIndex = -1 }, "negative"},
		{"a negative proof index", v03, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof.LogIndex = -1 }, "negative"},
		{"a time in a Rekor v2 entry", v03, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].IntegratedTime = 1 }, "log entry"},
		{"no timestamp for a Rekor v2 entry", v03, func(b *protobundle.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil }, "no proven time"},
		{"no promise in v0.1", v01, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionPromise = nil }, "no inclusion promise"},
		{"v0.1 called v0.2", v01, func(b *protobundle.Bundle) {
			b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2"
		}, "no inclusion proof"},
		{"a chain in v0.3", v03, func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = chainOf(b.VerificationMaterial.GetCertificate().GetRawBytes())
		}, "chain"},
		{"an empty chain", v01, func(b *protobundle.Bundle) { b.VerificationMaterial.Content = chainOf() }, "empty"},
		{"a root in the chain", v01, func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = chainOf(b.VerificationMaterial.GetCertificate().GetRawBytes(), virtual.FulcioCertificateAuthorities()[0].(*root.FulcioCertificateAuthority).Root.Raw)
		}, "is a root"},
		{"no key and no certificate", v03, func(b *protobundle.Bundle) { b.VerificationMaterial.Content = nil }, "neither"},
		{"another payload type", v03, func(b *protobundle.Bundle) { b.GetDsseEnvelope().PayloadType = "text/plain" }, "signature"},
		{"a checkpoint without a note", v03, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries[0].InclusionProof.Checkpoint.Envelope = "x"
		}, "log entry"},
		{"a checkpoint of a thousand lines", v03, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries[0].InclusionProof.Checkpoint.Envelope += strings.Repeat("x\n", 1000)
		}, "more than 100 lines"},
		{"a second line by the log's own key", v03, func(b *protobundle.Bundle) {
			proof, id := b.VerificationMaterial.TlogEntries[0].InclusionProof, b.VerificationMaterial.TlogEntries[0].LogId.KeyId
			line := "— rekor.localhost " + base64.StdEncoding.EncodeToString(append(append([]byte{}, id[:4]...), make([]byte, 64)...))
			proof.Checkpoint.Envelope += line + "\n"
		}, "two signatures by the log's key"},
		{"a long second line by the log's own key", real, func(b *protobundle.Bundle) {
			proof, id := b.VerificationMaterial.TlogEntries[0].InclusionProof, b.VerificationMaterial.TlogEntries[0].LogId.KeyId
			line := "— rekor.sigstore.dev " + base64.StdEncoding.EncodeToString(append(append([]byte{}, id[:4]...), make([]byte, 60_000)...))
			proof.Checkpoint.Envelope += line + "\n"
		}, "two signatures by the log's key"},
		{"another index than the proof's", v03, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof.LogIndex++ }, "logIndex is not the one"},
		{"the entry of another bundle", v03, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = virtualV2(t, virtual).proto(t).VerificationMaterial.TlogEntries
		}, "log entry"},
		{"the timestamp of another bundle", v03, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TimestampVerificationData = virtualV2(t, virtual).proto(t).VerificationMaterial.TimestampVerificationData
		}, "over other bytes"},
		{"the certificate of another bundle", v03, func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = virtualV2(t, virtual).proto(t).VerificationMaterial.Content
		}, "signature"},
		{"an entry of an unknown log alone", real, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries[0].LogId.KeyId[0] ^= 1
		}, "no proven time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.from.proto(t)
			c.change(b)
			text, err := protojson.Marshal(b)
			must(t, err)
			v := c.from.verify(t, text)
			if v == nil || v.Verified || !strings.Contains(v.Reason, c.reason) {
				t.Fatalf("want a refusal with %q, got %+v", c.reason, v)
			}
			if last := lastOfLinks(v); last.State != attest.Failed && last.State != attest.NotReached {
				t.Errorf("a refusal whose last link is %s", last.State)
			}
		})
	}
}

func lastOfLinks(v *attest.Verdict) attest.Link { return v.Links[len(v.Links)-1] }

func chainOf(certs ...[]byte) *protobundle.VerificationMaterial_X509CertificateChain {
	chain := &protocommon.X509CertificateChain{}
	for _, c := range certs {
		chain.Certificates = append(chain.Certificates, &protocommon.X509Certificate{RawBytes: c})
	}
	return &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: chain}
}

// TestLogSpan: an entry of Rekor v2 has no time of its own; the timestamp's must
// be in the span of the log's key, both ends of it inclusive.
func TestLogSpan(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	must(t, err)
	f := virtualV2(t, virtual)
	at := f.verify(t, f.bundle).Established.Times[0].Time
	for name, c := range map[string]struct {
		start, end time.Time
		ok         bool
	}{
		"around":        {at.Add(-time.Hour), at.Add(time.Hour), true},
		"to the second": {at, at, true},
		"before":        {at.Add(-time.Hour), at.Add(-time.Second), false},
		"after":         {at.Add(time.Second), at.Add(time.Hour), false},
	} {
		logs := virtualLogs(t, virtual)
		for _, log := range logs {
			log.ValidityPeriodStart, log.ValidityPeriodEnd = c.start, c.end
		}
		narrowed := f.trusting(t, rootOf(t, virtual.FulcioCertificateAuthorities(), virtual.TimestampingAuthorities(), logs))
		if v := narrowed.verify(t, f.bundle); v.Verified != c.ok || !c.ok && !strings.Contains(v.Reason, "outside the span") {
			t.Errorf("%s: verified %v: %s", name, v.Verified, v.Reason)
		}
	}
}

// TestUnknownTimestamper: a timestamp by an authority that the trusted root does
// not know proves nothing, is named, and takes nothing away.
func TestUnknownTimestamper(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	must(t, err)
	v1, v2 := virtualV1(t, virtual), virtualV2(t, virtual)
	known := rootOf(t, virtual.FulcioCertificateAuthorities(), nil, virtualLogs(t, virtual))
	v := v1.trusting(t, known).verify(t, v1.bundle)
	if !v.Verified || len(v.Established.Times) != 1 || !namesPath(v.NotAuthenticated, "verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp") {
		t.Errorf("%+v", v)
	}
	if v := v2.trusting(t, known).verify(t, v2.bundle); v.Verified || !strings.Contains(v.Reason, "no proven time") {
		t.Errorf("verified by nobody's time: %+v", v)
	}
}

// TestRefusedExpectations takes a bundle that verifies and asks more of it.
func TestRefusedExpectations(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	must(t, err)
	f := virtualV2(t, virtual)
	needs := func(change func(*trust.Needs)) *trust.Signer {
		s := identity(virtualIdentity, virtualIssuer)
		change(&s.Needs)
		return s
	}
	for _, c := range []struct {
		name   string
		want   attest.Expect
		reason string
	}{
		{"another identity", attest.Expect{Signers: []*trust.Signer{identity("other@example.test", virtualIssuer)}}, "add to signers.toml"},
		{"another issuer", attest.Expect{Signers: []*trust.Signer{identity(virtualIdentity, "https://other.test")}}, "no accepted signer"},
		{"an identity and no issuer", attest.Expect{Signers: []*trust.Signer{{Identity: trust.Match{Exact: virtualIdentity}, Needs: trust.DefaultNeeds}}}, "no accepted signer"},
		{"a signer who matches nothing", attest.Expect{Signers: []*trust.Signer{{Needs: trust.DefaultNeeds}}}, "no accepted signer"},
		{"nobody", attest.Expect{}, "no accepted signer"},
		{"two log entries", attest.Expect{Signers: []*trust.Signer{needs(func(n *trust.Needs) { n.LogEntries = 2 })}}, "needs 2 log entries, 1 proven"},
		{"two times", attest.Expect{Signers: []*trust.Signer{needs(func(n *trust.Needs) { n.Timestamps = 2 })}}, "needs 2 proven times, 1 proven"},
		{"two signatures", attest.Expect{Signers: []*trust.Signer{needs(func(n *trust.Needs) { n.Signatures = 2 })}}, "needs 2 signatures, 1 proven"},
		{"another predicate type", attest.Expect{Signers: f.want.Signers, PredicateType: "https://example.test/other"}, "is wanted"},
		{"a signer for another predicate type", attest.Expect{Signers: []*trust.Signer{func() *trust.Signer {
			s := identity(virtualIdentity, virtualIssuer)
			s.PredicateTypes = []string{"https://example.test/other"}
			return s
		}()}}, "not for https://example.test/p/v1"},
		{"another artifact", attest.Expect{Signers: f.want.Signers, Artifact: digestArtifact(t, strings.Repeat("00", 32))}, "no subject of the statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.want = c.want
			v := f.verify(t, f.bundle)
			if v == nil || v.Verified || !strings.Contains(v.Reason, c.reason) {
				t.Fatalf("want a refusal with %q, got %+v", c.reason, v)
			}
			if e := v.Established; e.Signer != nil || e.Artifact != nil || strings.HasPrefix(v.Reason, "statement") && e.Subjects != nil {
				t.Errorf("what a failed link left reads as established: %+v", e)
			}
		})
	}
}
