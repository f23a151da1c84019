package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
)

// evidenceAnswers is a daemon with the evidence of a test; the socket, the files and the commands are real.
type evidenceAnswers struct {
	stellav1.UnimplementedEvidenceServiceServer
	all  []*stellav1.Evidence
	next uint64
	now  *stellav1.ShowEvidenceResponse
	text string // of every document
	err  error  // in place of an answer

	mu    sync.Mutex
	asked []string                        // what was added, with its artifact
	list  *stellav1.ListEvidenceRequest   // what was asked last
	taken *stellav1.ExportEvidenceRequest // likewise
}

func (a *evidenceAnswers) serve(t *testing.T) *evidenceAnswers {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(shortDir(t), api.AdminSocket+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	stellav1.RegisterEvidenceServiceServer(s, a)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return a
}

func (a *evidenceAnswers) AddEvidence(stream grpc.ClientStreamingServer[stellav1.AddEvidenceRequest, stellav1.AddEvidenceResponse]) error {
	var artifact string
	var text []byte
	for first := true; ; first = false {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if first {
			artifact = req.GetArtifact()
		}
		text = append(text, req.GetContent()...)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, strings.TrimSpace(artifact+" "+string(text)))
	if a.err != nil {
		return a.err
	}
	if strings.HasPrefix(string(text), "junk") {
		return api.Error(codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE, "not evidence of a kind that is known")
	}
	resp := &stellav1.AddEvidenceResponse{Evidence: a.all[0], Added: true}
	if strings.HasPrefix(string(text), "tampered") {
		resp.Evidence, resp.Reason = a.all[1], "the signature does not hold"
	}
	return stream.SendAndClose(resp)
}

func (a *evidenceAnswers) ListEvidence(_ context.Context, req *stellav1.ListEvidenceRequest) (*stellav1.ListEvidenceResponse, error) {
	a.list = req
	return &stellav1.ListEvidenceResponse{Evidence: a.all, Next: a.next}, a.err
}

// sampleEvidence has a verified attestation, a refused one, and one of a kind that nothing verifies.
func sampleEvidence() []*stellav1.Evidence {
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	app, base := "sha256:"+digest("app"), "sha256:"+digest("base")
	return []*stellav1.Evidence{
		{
			Sha256: digest("1"), Kind: "sigstore-bundle", Size: 4711, PredicateType: "https://slsa.dev/provenance/v1", Subjects: []string{app, base},
			Verdict: "verified", TrustSha256: digest("trust"), Seq: 17, Time: day(1), Uid: 7,
		},
		{Sha256: digest("2"), Kind: "dsse", Size: 12, Verdict: "refused", TrustSha256: digest("trust"), Seq: 18, Time: day(2), Uid: 7},
		{Sha256: digest("3"), Kind: "openvex", Size: 99, Artifacts: []string{app}, Verdict: "none", Seq: 19, Time: day(3)},
	}
}

func (a *evidenceAnswers) ShowEvidence(context.Context, *stellav1.ShowEvidenceRequest) (*stellav1.ShowEvidenceResponse, error) {
	return a.now, a.err
}

func (a *evidenceAnswers) ReadEvidence(_ *stellav1.ReadEvidenceRequest, stream grpc.ServerStreamingServer[stellav1.ReadEvidenceResponse]) error {
	for _, piece := range strings.SplitAfter(a.text, "\n") {
		if err := stream.Send(&stellav1.ReadEvidenceResponse{Content: []byte(piece)}); err != nil {
			return err
		}
	}
	return a.err
}

func (a *evidenceAnswers) ExportEvidence(req *stellav1.ExportEvidenceRequest, stream grpc.ServerStreamingServer[stellav1.ExportEvidenceResponse]) error {
	a.taken = req
	for _, piece := range strings.SplitAfter(a.text, "\n") {
		if err := stream.Send(&stellav1.ExportEvidenceResponse{Content: []byte(piece)}); err != nil {
			return err
		}
	}
	return a.err
}

func (a *evidenceAnswers) ImportEvidence(stream grpc.ClientStreamingServer[stellav1.ImportEvidenceRequest, stellav1.ImportEvidenceResponse]) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		a.asked = append(a.asked, string(req.GetContent()))
	}
	if a.err != nil {
		return a.err
	}
	return stream.SendAndClose(&stellav1.ImportEvidenceResponse{Added: 3, Known: 1, Verified: 2, Signer: "signing-2026"})
}
