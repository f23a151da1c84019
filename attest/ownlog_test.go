package attest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	protoroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"google.golang.org/protobuf/encoding/protojson"

	"stellad/tlog"
)

// ownLog is a log of one entry whose key the test has, for checkpoints that the
// virtual CA does not make.
type ownLog struct {
	key *ecdsa.PrivateKey
	id  []byte
}

func newOwnLog(t *testing.T) ownLog {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	id := sha256.Sum256(spki)
	return ownLog{key, id[:]}
}

// logs gives the trusted root's view of the log.
func (l ownLog) logs() map[string]*root.TransparencyLog {
	return map[string]*root.TransparencyLog{hex.EncodeToString(l.id): {
		BaseURL: "https://own.test", ID: l.id, ValidityPeriodStart: time.Unix(0, 0), PublicKey: &l.key.PublicKey,
		HashFunc: crypto.SHA256, SignatureHashFunc: crypto.SHA256,
	}}
}

// take puts the bundle's entry into this log alone, under a checkpoint of origin.
func (l ownLog) take(t *testing.T, b *protobundle.Bundle, origin string) {
	t.Helper()
	e := b.VerificationMaterial.TlogEntries[0]
	leaf := tlog.LeafHash(e.CanonicalizedBody)
	text := tlog.Checkpoint{Origin: origin, Size: 1, Root: leaf}.Marshal()
	digest := sha256.Sum256(text)
	sig, err := ecdsa.SignASN1(rand.Reader, l.key, digest[:])
	must(t, err)
	name, _, _ := strings.Cut(origin, " - ")
	line := "\n— " + name + " " + base64.StdEncoding.EncodeToString(append(append([]byte{}, l.id[:4]...), sig...)) + "\n"
	e.LogId.KeyId, e.LogIndex, e.InclusionPromise, e.IntegratedTime = l.id, 0, nil, 0
	e.InclusionProof = &protorekor.InclusionProof{TreeSize: 1, RootHash: leaf[:], Checkpoint: &protorekor.Checkpoint{Envelope: string(text) + line}}
	b.MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
}

func (l ownLog) verify(t *testing.T, virtual *ca.VirtualSigstore, f fixture, origin string, change func(*protorekor.TransparencyLogEntry)) (verified bool, reason string, loose []string) {
	t.Helper()
	b := f.proto(t)
	l.take(t, b, origin)
	if change != nil {
		change(b.VerificationMaterial.TlogEntries[0])
	}
	text, err := protojson.Marshal(b)
	must(t, err)
	v := f.trusting(t, rootOf(t, virtual.FulcioCertificateAuthorities(), virtual.TimestampingAuthorities(), l.logs())).verify(t, text)
	return v.Verified, v.Reason, v.NotAuthenticated
}

// TestOwnLog: what a log of Rekor v1 may say under its own form of checkpoint,
// and one of v2 under its own, neither may say under the other's.
func TestOwnLog(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	must(t, err)
	l, v1, v2 := newOwnLog(t), virtualV1(t, virtual), virtualV2(t, virtual)
	if ok, reason, loose := l.verify(t, virtual, v1, "own.test - 123", nil); !ok || !namesPath(loose, "verificationMaterial.tlogEntries[0].logIndex") ||
		!namesPath(loose, "verificationMaterial.tlogEntries[0].integratedTime") {
		t.Errorf("v1 without a promise: %v %s %q", ok, reason, loose)
	}
	if ok, reason, _ := l.verify(t, virtual, v2, "own.test", nil); !ok {
		t.Errorf("v2: %s", reason)
	}
	now := timeOf(t, v2)
	for name, c := range map[string]struct {
		from   fixture
		origin string
		change func(*protorekor.TransparencyLogEntry)
		reason string
	}{
		"v2 under a checkpoint of v1": {v2, "own.test - 123", nil, "bound to nothing"},
		"v2 with a time":              {v2, "own.test", func(e *protorekor.TransparencyLogEntry) { e.IntegratedTime = now.Unix() }, "which v2 never gives"},
		"v2 with a promise": {v2, "own.test", func(e *protorekor.TransparencyLogEntry) {
			e.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: []byte("x")}
		}, "log entry"},
		"v2 of another origin":              {v2, "other.test", nil, "log entry"},
		"v1 signed under another name":      {v1, "own.test - 123", func(e *protorekor.TransparencyLogEntry) { renameSignature(e, "own.tesu") }, "is signed as"},
		"v1 with a tree ID of no digits":    {v1, "own.test - 12x", nil, "log entry"},
		"v1 whose proof is of another size": {v1, "own.test - 123", func(e *protorekor.TransparencyLogEntry) { e.InclusionProof.TreeSize = 2 }, "log entry"},
	} {
		if ok, reason, _ := l.verify(t, virtual, c.from, c.origin, c.change); ok || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: verified %v: %s", name, ok, reason)
		}
	}
}

func timeOf(t *testing.T, f fixture) time.Time {
	return f.verify(t, f.bundle).Established.Times[0].Time
}

func renameSignature(e *protorekor.TransparencyLogEntry, name string) {
	c := e.InclusionProof.Checkpoint
	c.Envelope = strings.Replace(c.Envelope, "— own.test ", "— "+name+" ", 1)
}

// TestCertificateLog: a certificate that no known log of certificates has seen is
// refused, where the trusted root knows such logs.
func TestCertificateLog(t *testing.T) {
	f := publicGood(t, "sigstore.js@2.0.0-provenance.sigstore.json")
	var doc protoroot.TrustedRoot
	must(t, protojson.Unmarshal(f.root, &doc))
	for _, log := range doc.Ctlogs {
		log.LogId.KeyId[0] ^= 1
	}
	text, err := protojson.Marshal(&doc)
	must(t, err)
	if v := f.trusting(t, text).verify(t, f.bundle); v.Verified || !strings.HasPrefix(v.Reason, "certificate log: ") {
		t.Errorf("logs that the root does not know: %v %s", v.Verified, v.Reason)
	}
	doc.Ctlogs = nil
	text, err = protojson.Marshal(&doc)
	must(t, err)
	if v := f.trusting(t, text).verify(t, f.bundle); !v.Verified || !strings.Contains(strings.Join(v.NotEstablished, "\n"), "no certificate log") {
		t.Errorf("a root without such logs: %+v", v)
	}
}
