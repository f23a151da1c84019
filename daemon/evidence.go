package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/daemon/rpc"
	"stellad/evidence"
)

type evidenceService struct {
	stellav1.UnimplementedEvidenceServiceServer
	daemon *Daemon
}

// maxEvidence bounds one document, in bytes.
const maxEvidence = 1 << 30

func (s *evidenceService) AddEvidence(stream grpc.ClientStreamingServer[stellav1.AddEvidenceRequest, stellav1.AddEvidenceResponse]) error {
	ctx := stream.Context()
	first, err := stream.Recv()
	if err != nil {
		return fmt.Errorf("%w: no document: %w", rpc.ErrBadRequest, err)
	}
	var artifacts []string
	if a := first.GetArtifact(); a != "" {
		artifacts = []string{a}
		if !audit.IsArtifact(a) {
			return fmt.Errorf("%w: artifact %.80q: sha256:, sha384: or sha512: and the whole digest in lower-case hex", rpc.ErrBadRequest, a)
		}
	}
	x, err := s.daemon.examiner(rpc.Actor(ctx).UID)
	if err != nil {
		return err
	}
	e, added, err := s.daemon.held.Load().Add(ctx, act(ctx), evidence.Addition{
		Content: &pieces{rest: first.GetContent(), next: func() ([]byte, error) {
			req, err := stream.Recv()
			return req.GetContent(), err
		}},
		Limit: maxEvidence, Artifacts: artifacts, Examine: x.examine,
	})
	if err != nil {
		return err
	}
	return stream.SendAndClose(&stellav1.AddEvidenceResponse{Evidence: evidenceOf(e), Added: added, Reason: x.reason})
}

func (s *evidenceService) ListEvidence(_ context.Context, req *stellav1.ListEvidenceRequest) (*stellav1.ListEvidenceResponse, error) {
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = 100
	}
	if limit > evidence.MaxPage {
		return nil, fmt.Errorf("%w: limit %d, more than %d", rpc.ErrBadRequest, limit, evidence.MaxPage)
	}
	index := s.daemon.held.Load()
	f := evidence.Filter{Kind: req.GetKind(), Verdict: req.GetVerdict()}
	if req.GetArtifact() != "" {
		var err error
		if f.Artifact, err = index.artifact(req.GetArtifact()); err != nil {
			return nil, err
		}
	}
	page, next, err := index.List(f, req.GetFrom(), limit)
	if err != nil {
		return nil, err
	}
	resp := &stellav1.ListEvidenceResponse{Next: next}
	for _, e := range page {
		resp.Evidence = append(resp.Evidence, evidenceOf(e))
	}
	return resp, nil
}

func (s *evidenceService) ShowEvidence(ctx context.Context, req *stellav1.ShowEvidenceRequest) (*stellav1.ShowEvidenceResponse, error) {
	index := s.daemon.held.Load()
	e, err := index.document(req.GetSha256())
	if err != nil {
		return nil, err
	}
	x, err := s.daemon.examiner(rpc.Actor(ctx).UID)
	if err != nil {
		return nil, err
	}
	now, err := x.examine(ctx, func() (io.ReadCloser, error) { return index.Open(e) })
	if err != nil {
		return nil, err
	}
	resp := &stellav1.ShowEvidenceResponse{Evidence: evidenceOf(e), Verdict: now.Verdict, Reason: x.reason, TrustSha256: now.Trust}
	if x.verdict != nil {
		resp.VerdictJson, err = json.Marshal(x.verdict)
	}
	return resp, err
}

func (s *evidenceService) ReadEvidence(req *stellav1.ReadEvidenceRequest, stream grpc.ServerStreamingServer[stellav1.ReadEvidenceResponse]) error {
	index := s.daemon.held.Load()
	e, err := index.document(req.GetSha256())
	if err != nil {
		return err
	}
	r, err := index.Open(e)
	if err != nil {
		return err
	}
	_, err = io.Copy(pieceWriter(func(piece []byte) error {
		return stream.Send(&stellav1.ReadEvidenceResponse{Content: piece})
	}), r)
	return errors.Join(err, r.Close())
}

// minPrefix is how many digits of a digest are enough to ask by.
const minPrefix = 6

// document finds the one that a SHA-256 or a prefix of it names.
func (h *held) document(sha256 string) (evidence.Entry, error) {
	if err := isPrefix(sha256); err != nil {
		return evidence.Entry{}, err
	}
	return h.Find(sha256)
}

// isPrefix refuses what is no SHA-256 and no prefix of one that is long enough.
func isPrefix(sha256 string) error {
	if len(sha256) < minPrefix || strings.Trim(sha256, "0123456789abcdef") != "" {
		return fmt.Errorf("%w: %.80q: at least %d digits of a SHA-256, in lower-case hex", rpc.ErrBadRequest, sha256, minPrefix)
	}
	return nil
}

// artifact finds the one that a digest or a prefix of it names.
func (h *held) artifact(text string) (string, error) {
	if audit.IsArtifact(text) {
		return text, nil
	}
	algorithm, digits, _ := strings.Cut(text, ":")
	if !strings.HasPrefix(algorithm, "sha") || len(digits) < minPrefix || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%w: artifact %.80q: sha256:, sha384: or sha512: and at least %d digits, in lower-case hex", rpc.ErrBadRequest, text, minPrefix)
	}
	return h.Artifact(text)
}

func evidenceOf(e evidence.Entry) *stellav1.Evidence {
	return &stellav1.Evidence{
		Sha256: e.Blob, Kind: e.Kind, Size: e.Size, PredicateType: e.Predicate, Subjects: e.Subjects, Artifacts: e.Artifacts,
		Verdict: e.Verdict, TrustSha256: e.Trust, Seq: e.Seq, Time: timestamppb.New(e.Time), Uid: e.UID,
	}
}
