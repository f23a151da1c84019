package daemon

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/rpc"
)

// FuzzQuestion takes two requests as they come off the wire: neither can bring the daemon down or is told as its fault,
// and they share a remembered verdict only where they ask the same.
func FuzzQuestion(f *testing.F) {
	f.Fuzz(func(t *testing.T, one, other []byte) {
		var conditions [][]byte
		var requests []*stellav1.VerifyRequest
		for _, wire := range [][]byte{one, other} {
			req := &stellav1.VerifyRequest{}
			if proto.Unmarshal(wire, req) != nil {
				return
			}
			if err := asked(req); err != nil {
				if told, fault := rpc.StatusOf(err, ""); fault {
					t.Fatalf("%v: told as %v", err, told)
				}
			}
			q, err := questionOf(req)
			if err != nil {
				return
			}
			conditions, requests = append(conditions, q.Conditions), append(requests, req)
			req.Document, req.Explain = nil, false
			req.ProtoReflect().SetUnknown(nil) // of the request itself: they ask nothing
		}
		if bytes.Equal(conditions[0], conditions[1]) && !proto.Equal(requests[0], requests[1]) {
			t.Errorf("one verdict for both:\n%v\n%v", requests[0], requests[1])
		}
	})
}
