package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/sign"
)

// signingAnswers is a daemon with the keys of a test; the socket, the files and the commands are real.
type signingAnswers struct {
	stellav1.UnimplementedKeyServiceServer
	stellav1.UnimplementedSigningServiceServer
	stellav1.UnimplementedStatusServiceServer
	keys   []*stellav1.ApplianceKey
	failed []string // of a rotation
	bundle func(*stellav1.SignStatementRequest) []byte
	stamp  func(request []byte) []byte
	trust  []*stellav1.ExportTrustResponse_File
	looked []*stellav1.Examination
	err    error // in place of an answer

	// what was asked last
	generate *stellav1.GenerateKeyRequest
	rotate   *stellav1.RotateKeyRequest
	destroy  *stellav1.DestroyKeyRequest
	mark     *stellav1.MarkKeyCompromisedRequest
	sign     *stellav1.SignStatementRequest
	query    []byte
}

func (a *signingAnswers) serve(t *testing.T) *signingAnswers {
	t.Helper()
	run := shortDir(t)
	for _, name := range []string{api.AdminSocket, api.VerifySocket} {
		l, err := net.Listen("unix", filepath.Join(run, name+".sock"))
		if err != nil {
			t.Fatal(err)
		}
		s := grpc.NewServer()
		stellav1.RegisterSigningServiceServer(s, a)
		if name == api.AdminSocket {
			stellav1.RegisterKeyServiceServer(s, a)
			stellav1.RegisterStatusServiceServer(s, a)
		}
		go func() { _ = s.Serve(l) }()
		t.Cleanup(s.Stop)
	}
	return a
}

func (a *signingAnswers) ListKeys(context.Context, *stellav1.ListKeysRequest) (*stellav1.ListKeysResponse, error) {
	return &stellav1.ListKeysResponse{Keys: a.keys}, a.err
}

func (a *signingAnswers) GenerateKey(_ context.Context, req *stellav1.GenerateKeyRequest) (*stellav1.GenerateKeyResponse, error) {
	a.generate = req
	return &stellav1.GenerateKeyResponse{Key: a.keys[1]}, a.err
}

func (a *signingAnswers) RotateKey(_ context.Context, req *stellav1.RotateKeyRequest) (*stellav1.RotateKeyResponse, error) {
	a.rotate = req
	return &stellav1.RotateKeyResponse{Old: a.keys[0], New: a.keys[1], Verified: 12, Failed: a.failed}, a.err
}

func (a *signingAnswers) DestroyKey(_ context.Context, req *stellav1.DestroyKeyRequest) (*stellav1.DestroyKeyResponse, error) {
	a.destroy = req
	return &stellav1.DestroyKeyResponse{Key: a.keys[5]}, a.err
}

func (a *signingAnswers) MarkKeyCompromised(_ context.Context, req *stellav1.MarkKeyCompromisedRequest) (*stellav1.MarkKeyCompromisedResponse, error) {
	a.mark = req
	return &stellav1.MarkKeyCompromisedResponse{Key: a.keys[2]}, a.err
}

func (a *signingAnswers) SignStatement(_ context.Context, req *stellav1.SignStatementRequest) (*stellav1.SignStatementResponse, error) {
	a.sign = req
	if a.err != nil {
		return nil, a.err
	}
	return &stellav1.SignStatementResponse{Bundle: a.bundle(req), Index: 17, Seq: 42}, nil
}

func (a *signingAnswers) Timestamp(_ context.Context, req *stellav1.TimestampRequest) (*stellav1.TimestampResponse, error) {
	a.query = req.GetRequest()
	if a.err != nil {
		return nil, a.err
	}
	return &stellav1.TimestampResponse{Response: a.stamp(req.GetRequest())}, nil
}

func (a *signingAnswers) ExportTrust(context.Context, *stellav1.ExportTrustRequest) (*stellav1.ExportTrustResponse, error) {
	return &stellav1.ExportTrustResponse{Files: a.trust}, a.err
}

func (a *signingAnswers) Doctor(context.Context, *stellav1.DoctorRequest) (*stellav1.DoctorResponse, error) {
	return &stellav1.DoctorResponse{Examinations: a.looked}, a.err
}

// published names a file that package publish tests with: keys and a certificate that stay the same.
func published(name string) string {
	return filepath.Join(filepath.Dir(testdata), "..", "attest", "publish", "testdata", name)
}

// publishedDER is what is in a published PEM file.
func publishedDER(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(published(name))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s: no PEM", name)
	}
	return block.Bytes
}

func applianceKeyFor(public []byte, label, role, state string) *stellav1.ApplianceKey {
	sum := sha256.Sum256(public)
	return &stellav1.ApplianceKey{
		Label: label, Role: role, State: state, Algorithm: "ecdsa-p256", Custody: "confined", Backend: "pkcs11",
		Sha256: hex.EncodeToString(sum[:]), PublicKey: public, Id: "0a0b0c", Made: day(1), From: day(2),
	}
}

func day(n int) *timestamppb.Timestamp {
	return timestamppb.New(time.Date(2026, 3, n, 8, 0, 0, 987, time.UTC))
}

// sampleKeys has a retired key, its successor, a compromised one, one in a file that is a timestamping authority's,
// one that is not in use yet, and one that is destroyed.
func sampleKeys(t *testing.T) []*stellav1.ApplianceKey {
	old, new := publishedDER(t, "keys-signing-2026.pem"), publishedDER(t, "keys-signing-2027.pem")
	keys := []*stellav1.ApplianceKey{
		applianceKeyFor(old, "signing-2026", "attestation", "retired"),
		applianceKeyFor(new, "signing-2027", "attestation", "active"),
		applianceKeyFor([]byte("lost"), "signing-lost", "attestation", "compromised"),
		applianceKeyFor([]byte("tsa"), "tsa", "timestamp", "active"),
		applianceKeyFor([]byte("log"), "log-2026", "log", "pending"),
		applianceKeyFor([]byte("gone"), "signing-2025", "attestation", "destroyed"),
	}
	keys[0].Until, keys[0].Successor = day(9), keys[1].Sha256
	keys[1].Custody, keys[1].From = "escrowable", day(9)
	keys[2].Compromised = day(5)
	keys[3].Backend, keys[3].Chain = "soft", [][]byte{publishedDER(t, "tsa.pem"), []byte("no certificate")}
	keys[4].From, keys[4].Algorithm = nil, "ed25519"
	keys[5].Until, keys[5].Destroyed = day(3), day(10)
	return keys
}

func keyAnswers(t *testing.T) *signingAnswers {
	t.Helper()
	return (&signingAnswers{keys: sampleKeys(t)}).serve(t)
}

// bundler signs as the daemon does: the same request gives the same signature again, and the proof of it another time
// another one.
func bundler(t *testing.T) func(*stellav1.SignStatementRequest) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed, calls := map[string][]byte{}, 0
	return func(req *stellav1.SignStatementRequest) []byte {
		calls++
		if _, again := signed[req.String()]; !again {
			signed[req.String()] = envelope(t, key, req)
		}
		return fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":%s,"verificationMaterial":{"proof":%d}}`, signed[req.String()], calls)
	}
}

func envelope(t *testing.T, key *ecdsa.PrivateKey, req *stellav1.SignStatementRequest) []byte {
	p := sign.Predicate{Type: req.GetPredicateType(), JSON: req.GetPredicate()}
	var err error
	if p.Type == "" {
		p, err = sign.Endorsement{Who: "stella.example", When: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Why: req.GetWhy()}.Predicate()
	}
	var subjects []attest.Subject
	for _, s := range req.GetSubjects() {
		subjects = append(subjects, attest.Subject{Name: s.GetName(), Digest: s.GetDigest()})
	}
	statement, err1 := sign.NewStatement(subjects, p)
	if err != nil || err1 != nil {
		t.Error(err, err1)
		return nil
	}
	e, err := sign.Sign(key, statement)
	if err != nil {
		t.Error(err)
		return nil
	}
	text, err := e.MarshalDSSE()
	if err != nil {
		t.Error(err)
	}
	return text
}
