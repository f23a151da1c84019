package attest_test

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/testing/data"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"stellad/attest"
	"stellad/attest/trust"
	"stellad/internal/vectors"
)

// fixture is a bundle that verifies, with all that it verifies by.
type fixture struct {
	name   string
	bundle []byte
	root   []byte // the trusted root, as JSON
	trust  *trust.Trust
	want   attest.Expect
}

// trusting gives the fixture its trusted root.
func (f fixture) trusting(t testing.TB, root []byte) fixture {
	t.Helper()
	parsed, err := trust.Parse([]trust.File{{Name: "trusted_root.json", Bytes: root}})
	must(t, err)
	f.root, f.trust = root, parsed
	return f
}

func (f fixture) verify(t testing.TB, bundle []byte) *attest.Verdict {
	t.Helper()
	docs, err := attest.Parse(bundle)
	if err != nil {
		return nil
	}
	return attest.NewVerifier(f.trust).Verify(docs[0], f.want)
}

func (f fixture) proto(t testing.TB) *protobundle.Bundle {
	t.Helper()
	var b protobundle.Bundle
	if err := protojson.Unmarshal(f.bundle, &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

const (
	virtualIdentity = "signer@example.test"
	virtualIssuer   = "https://issuer.example.test"
	virtualDigest   = "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1"
)

// fixtures are the bundles of sigstore-go's own tests and of its virtual CA.
func fixtures(t *testing.T) []fixture {
	t.Helper()
	virtual, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	return []fixture{
		publicGood(t, "sigstore.js@2.0.0-provenance.sigstore.json"),
		virtualV1(t, virtual), virtualV2(t, virtual), virtualMessage(t, virtual), keyed(t),
	}
}

// publicGood is a real bundle v0.1 of the public-good deployment: a certificate
// chain, an intoto entry, a promise and a proof.
func publicGood(t *testing.T, name string) fixture {
	text := marshal(t, data.Bundle(t, name))
	return fixture{
		name: "public-good", bundle: text,
		want: attest.Expect{Signers: []*trust.Signer{identity(
			"https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
			"https://token.actions.githubusercontent.com")}},
	}.trusting(t, marshal(t, data.TrustedRoot(t, "public-good.json")))
}

// virtualV1 is without an inclusion proof: the virtual CA's proof says another
// tree size than its checkpoint, which this package refuses.
func virtualV1(t *testing.T, virtual *ca.VirtualSigstore) fixture {
	entity, err := virtual.AttestAtTime(virtualIdentity, virtualIssuer, statementOf(virtualDigest), time.Now().Add(5*time.Minute), false)
	if err != nil {
		t.Fatal(err)
	}
	return virtualFixture(t, "virtual v1 DSSE", virtual, entity)
}

func virtualV2(t *testing.T, virtual *ca.VirtualSigstore) fixture {
	entity, err := virtual.AttestAtTimeHashedRekordV2(virtualIdentity, virtualIssuer, statementOf(virtualDigest), time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return virtualFixture(t, "virtual v2 DSSE", virtual, entity)
}

func virtualMessage(t *testing.T, virtual *ca.VirtualSigstore) fixture {
	entity, err := virtual.Sign(virtualIdentity, virtualIssuer, []byte("the artifact"))
	if err != nil {
		t.Fatal(err)
	}
	return virtualFixture(t, "virtual v1 message", virtual, entity)
}

// keyed is sigstore-go's bundle of a key's message signature with a timestamp.
func keyed(t *testing.T) fixture {
	pub, err := x509.MarshalPKIXPublicKey(data.PublicKey(t, "public-key-validity.pem"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := trust.ParseKeys("key.pem", pemPublic(pub))
	if err != nil {
		t.Fatal(err)
	}
	return fixture{
		name: "key", bundle: marshal(t, data.Bundle(t, "public-key-validity.sigstore.json")),
		want: attest.Expect{Signers: []*trust.Signer{{Where: "test", Keys: keys, Needs: trust.DefaultNeeds}}},
	}.trusting(t, marshal(t, data.TrustedRoot(t, "public-key-validity.json")))
}

// published are the published bundles that verify.
func published(t *testing.T) []fixture {
	t.Helper()
	dir := vectors.Dir(t, "sigstore")
	var manifest struct{ Cases []vector }
	vectors.Manifest(t, dir, &manifest)
	var found []fixture
	for _, row := range manifest.Cases {
		if row.Expect != "pass" {
			continue
		}
		f := fixture{name: row.Case, bundle: read(t, filepath.Join(dir, row.Bundle))}.trusting(t, read(t, filepath.Join(dir, row.TrustedRoot)))
		_, want, err := row.setUp(t, dir)
		must(t, err)
		f.want = want
		found = append(found, f)
	}
	return found
}

// virtualFixture writes a virtual entity as a bundle v0.3, and its authority as
// a trusted root without certificate logs, which the virtual CA does not sign for.
func virtualFixture(t *testing.T, name string, virtual *ca.VirtualSigstore, entity *ca.TestEntity) fixture {
	t.Helper()
	b := &protobundle.Bundle{MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json"}
	content, err := entity.VerificationContent()
	must(t, err)
	material := &protobundle.VerificationMaterial{
		Content:                   &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: content.Certificate().Raw}},
		TimestampVerificationData: &protobundle.TimestampVerificationData{},
	}
	entries, err := entity.TlogEntries()
	must(t, err)
	for _, e := range entries {
		material.TlogEntries = append(material.TlogEntries, wireEntry(t, virtual, e))
		if !e.HasInclusionProof() {
			b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
		}
	}
	stamps, err := entity.Timestamps()
	must(t, err)
	for _, s := range stamps {
		material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: s})
	}
	b.VerificationMaterial = material
	signature, err := entity.SignatureContent()
	must(t, err)
	if env := signature.EnvelopeContent(); env != nil {
		payload, err := env.RawEnvelope().DecodeB64Payload()
		must(t, err)
		b.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: payload, PayloadType: env.RawEnvelope().PayloadType,
			Signatures: []*protodsse.Signature{{Sig: signature.Signature()}},
		}}
	} else {
		b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
			Signature:     signature.Signature(),
			MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: signature.MessageSignatureContent().Digest()},
		}}
	}
	text, err := protojson.Marshal(b)
	must(t, err)
	want := attest.Expect{Signers: []*trust.Signer{identity(virtualIdentity, virtualIssuer)}}
	return fixture{name: name, bundle: text, want: want}.trusting(t, virtualRoot(t, virtual))
}

// wireEntry fills in what the virtual CA keeps beside an entry and not in it:
// its kind, and the log's promise.
func wireEntry(t *testing.T, virtual *ca.VirtualSigstore, e *tlog.Entry) *protorekor.TransparencyLogEntry {
	t.Helper()
	wire := e.TransparencyLogEntry()
	var body struct{ Kind, APIVersion string }
	must(t, json.Unmarshal(wire.CanonicalizedBody, &body))
	wire.KindVersion = &protorekor.KindVersion{Kind: body.Kind, Version: body.APIVersion}
	if e.HasInclusionPromise() {
		set, err := virtual.RekorSignPayload(tlog.RekorPayload{
			Body: e.Body(), IntegratedTime: wire.IntegratedTime, LogIndex: wire.LogIndex, LogID: hex.EncodeToString(wire.LogId.KeyId),
		})
		must(t, err)
		wire.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: set}
	}
	return wire
}

func virtualRoot(t *testing.T, virtual *ca.VirtualSigstore) []byte {
	t.Helper()
	return rootOf(t, virtual.FulcioCertificateAuthorities(), virtual.TimestampingAuthorities(), virtualLogs(t, virtual))
}

// withOnly is a trusted root with the virtual logs alone, or all but them.
func withOnly(t *testing.T, virtual *ca.VirtualSigstore, logs bool) []byte {
	t.Helper()
	if logs {
		return rootOf(t, nil, nil, virtualLogs(t, virtual))
	}
	return rootOf(t, virtual.FulcioCertificateAuthorities(), virtual.TimestampingAuthorities(), nil)
}

func virtualLogs(t *testing.T, virtual *ca.VirtualSigstore) map[string]*root.TransparencyLog {
	t.Helper()
	logs := virtual.RekorLogs()
	for id, log := range logs {
		raw, err := hex.DecodeString(id)
		must(t, err)
		log.ID = raw
	}
	return logs
}

func rootOf(t *testing.T, cas []root.CertificateAuthority, tsas []root.TimestampingAuthority, logs map[string]*root.TransparencyLog) []byte {
	t.Helper()
	material, err := root.NewTrustedRoot(root.TrustedRootMediaType01, cas, nil, tsas, logs)
	must(t, err)
	return marshal(t, material)
}

func statementOf(digest string) []byte {
	return []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"` + digest + `"}}],"predicateType":"https://example.test/p/v1","predicate":{}}`)
}

func marshal(t testing.TB, v json.Marshaler) []byte {
	t.Helper()
	text, err := v.MarshalJSON()
	must(t, err)
	return text
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestFixtures holds that each fixture verifies and says who signed and when.
func TestFixtures(t *testing.T) { testFixtures(t, fixtures(t)) }

// TestFixturesOfVectors is TestFixtures for the published bundles.
func TestFixturesOfVectors(t *testing.T) { testFixtures(t, published(t)) }

func testFixtures(t *testing.T, all []fixture) {
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			v := f.verify(t, f.bundle)
			if v == nil || !v.Verified {
				t.Fatalf("not verified: %+v", v)
			}
			if v.Established.Signer == nil || len(v.Established.Times) == 0 {
				t.Errorf("signer %v, times %v", v.Established.Signer, v.Established.Times)
			}
			if err := f.peerVerifies(f.bundle, v); err != nil {
				t.Errorf("sigstore-go does not verify it: %v", err)
			}
		})
	}
}
