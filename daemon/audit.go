package daemon

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/grpc"

	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/daemon/rpc"
)

type auditService struct {
	stellav1.UnimplementedAuditServiceServer
	daemon *Daemon
}

func (s *auditService) ListRecords(req *stellav1.ListRecordsRequest, stream grpc.ServerStreamingServer[stellav1.ListRecordsResponse]) error {
	for e, err := range s.daemon.ledger.Load().Entries(stream.Context(), req.GetFirst(), req.GetFollow(), selects(req)) {
		if err != nil {
			return err
		}
		if err := stream.Send(&stellav1.ListRecordsResponse{Line: e.Line, Annotation: e.Annotation}); err != nil {
			return err
		}
	}
	return stream.Context().Err()
}

// selects gives what a record must be.
func selects(req *stellav1.ListRecordsRequest) func(*audit.Record) bool {
	return func(r *audit.Record) bool {
		method := r.Method[strings.LastIndexAny(r.Method, "./")+1:]
		switch {
		case req.Since != nil && r.Time.Before(req.GetSince().AsTime()), req.Until != nil && !r.Time.Before(req.GetUntil().AsTime()):
		case req.Uid != nil && (r.Actor == nil || r.Actor.UID != req.GetUid()):
		case req.GetType() != "" && req.GetType() != r.Type:
		case req.GetMethod() != "" && req.GetMethod() != r.Method && req.GetMethod() != method:
		case req.GetTarget() != "" && req.GetTarget() != r.Target:
		case req.GetOutcome() != "" && req.GetOutcome() != r.Outcome:
		default:
			return true
		}
		return false
	}
}

// maxPiece is the most that one message of an export holds.
const maxPiece = 1 << 20

func (s *auditService) Export(req *stellav1.ExportRequest, stream grpc.ServerStreamingServer[stellav1.ExportResponse]) error {
	put := func(name string, size int64, content io.Reader) error {
		piece := make([]byte, min(size, maxPiece))
		for left := size; ; {
			n, err := io.ReadFull(content, piece[:min(left, maxPiece)])
			if err != nil {
				return fmt.Errorf("export of %s: %w", name, err)
			}
			if err := stream.Send(&stellav1.ExportResponse{Name: name, Content: piece[:n], Size: size}); err != nil {
				return err
			}
			if left -= int64(n); left == 0 {
				return nil
			}
		}
	}
	var since []byte // nil, not empty, is from the first record on
	if len(req.GetSince()) > 0 {
		since = req.GetSince()
	}
	_, err := s.daemon.ledger.Load().Export(stream.Context(), rpc.Entry(stream.Context()), since, put)
	return err
}

func (s *auditService) Erase(ctx context.Context, req *stellav1.EraseRequest) (*stellav1.EraseResponse, error) {
	if len(req.GetSeqs()) == 0 || !slices.IsSorted(req.GetSeqs()) {
		return nil, fmt.Errorf("%w: seqs: one at least, ascending", rpc.ErrBadRequest)
	}
	seq, err := s.daemon.ledger.Load().Erase(ctx, rpc.Entry(ctx), req.GetSeqs())
	return &stellav1.EraseResponse{Seq: seq}, err
}

func (s *auditService) AcceptTime(ctx context.Context, _ *stellav1.AcceptTimeRequest) (*stellav1.AcceptTimeResponse, error) {
	seq, err := s.daemon.ledger.Load().AcceptTime(ctx, rpc.Entry(ctx))
	return &stellav1.AcceptTimeResponse{Seq: seq}, err
}
