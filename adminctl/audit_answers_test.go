package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
)

// auditAnswers is a daemon with the log of a test; the socket, the exports and the commands are real.
type auditAnswers struct {
	stellav1.UnimplementedAuditServiceServer
	log     *testLog
	asked   *stellav1.ListRecordsRequest
	erased  []uint64
	listed  chan struct{} // closed when a list that follows has sent all; nil where nobody waits
	piece   int           // the length of an export's pieces
	err     error         // in place of an answer
	exports func(put audit.Sink) error
}

func (a *auditAnswers) serve(t *testing.T) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(shortDir(t), api.AdminSocket+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	stellav1.RegisterAuditServiceServer(s, a)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
}

func (a *auditAnswers) ListRecords(req *stellav1.ListRecordsRequest, stream grpc.ServerStreamingServer[stellav1.ListRecordsResponse]) error {
	a.asked = req
	said := map[uint64]map[string]string{}
	for _, note := range a.log.annotations {
		said[note.Seq] = note.Text
	}
	for seq, line := range a.log.lines {
		if err := stream.Send(&stellav1.ListRecordsResponse{Line: line, Annotation: said[uint64(seq)]}); err != nil {
			return err
		}
	}
	if a.listed != nil {
		close(a.listed)
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	return a.err
}

func (a *auditAnswers) Export(req *stellav1.ExportRequest, stream grpc.ServerStreamingServer[stellav1.ExportResponse]) error {
	if a.err != nil {
		return a.err
	}
	put := func(name string, size int64, content io.Reader) error {
		for left := size; ; {
			piece := make([]byte, min(left, int64(a.piece)))
			if _, err := io.ReadFull(content, piece); err != nil {
				return err
			}
			if err := stream.Send(&stellav1.ExportResponse{Name: name, Content: piece, Size: size}); err != nil {
				return err
			}
			if left -= int64(len(piece)); left == 0 {
				return nil
			}
		}
	}
	if a.exports != nil {
		return a.exports(put)
	}
	var since []byte
	if len(req.GetSince()) > 0 {
		since = req.GetSince()
	}
	_, err := audit.Export(put, a.log, audit.ExportOptions{Key: a.log.key, Checkpoint: a.log.latest(), Since: since})
	return err
}

func (a *auditAnswers) Erase(_ context.Context, req *stellav1.EraseRequest) (*stellav1.EraseResponse, error) {
	a.erased = req.GetSeqs()
	return &stellav1.EraseResponse{Seq: 42}, a.err
}

func (a *auditAnswers) AcceptTime(context.Context, *stellav1.AcceptTimeRequest) (*stellav1.AcceptTimeResponse, error) {
	return &stellav1.AcceptTimeResponse{Seq: 43}, a.err
}

// sampleLog has a record of each kind that the client prints differently.
func sampleLog(t *testing.T) *testLog {
	l := newTestLog(t, 1)
	l.add(t, audit.Record{Type: "start", Body: body(t, audit.Start{Version: "v1.2.3"})}, nil)
	l.deny(t, map[string]string{"reason": "no role that is held grants access:reload", "user": "alice"})
	l.deny(t, map[string]string{"reason": "not today"})
	l.add(t, audit.Record{
		Type: "call", Actor: &audit.Actor{}, Socket: "admin", Method: "stella.v1.AuditService/Export", Outcome: "ok", Request: "q-2",
		Target: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	}, nil)
	l.checkpoint(t)
	l.add(t, audit.Record{
		Type: "erase", Actor: &audit.Actor{}, Socket: "admin", Method: "stella.v1.AuditService/Erase", Outcome: "ok", Body: body(t, audit.Erase{Seqs: []uint64{3}}),
	}, nil)
	l.annotations = l.annotations[:1]
	l.add(t, audit.Record{Type: "later.thing"}, nil)
	l.checkpoint(t)
	return l
}
