package server_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"stellad/hsm"
	"stellad/hsm/hsmpb"
	"stellad/hsm/server"
	"stellad/internal/socket"
)

// TestAnotherUser: who is not the one user gets no answer, root neither.
func TestAnotherUser(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hsm.sock")
	l, err := socket.Make(name)
	must(t, err)
	s := server.New(backends[2].open(t), uint32(os.Geteuid())+1)
	go func() { _ = s.Serve(l) }()
	defer s.End(0)
	c := dial(t, name)
	for range 3 {
		if got, err := c.Status(t.Context()); !errors.Is(err, hsm.ErrUnavailable) {
			t.Errorf("%+v %v", got, err)
		}
	}
}

// TestConnections: what is beyond the places is closed at once, and a place is free again when its connection is.
func TestConnections(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hsm.sock")
	serve(t, backends[2].open(t), name)
	var open []net.Conn
	for range 17 {
		conn, err := net.Dial("unix", name)
		must(t, err)
		open = append(open, conn)
	}
	time.Sleep(200 * time.Millisecond)
	closed := 0
	for _, conn := range open {
		must(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		buf := make([]byte, 1)
		if _, err := conn.Read(buf); err != nil && !os.IsTimeout(err) {
			closed++
		}
		must(t, conn.Close())
	}
	if closed == 0 {
		t.Error("all of 17 were let in")
	}
	c := dial(t, name)
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := c.Status(t.Context()); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// TestTooLarge: a request beyond the limit is refused, and the server goes on.
func TestTooLarge(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hsm.sock")
	serve(t, backends[2].open(t), name)
	conn, err := grpc.NewClient("unix:"+name, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	defer conn.Close()
	rpc := hsmpb.NewHSMServiceClient(conn)
	_, err = rpc.PutObject(t.Context(), &hsmpb.PutObjectRequest{Label: "x", Value: make([]byte, hsmpb.MaxMessage+1)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("%v", err)
	}
	if _, err := rpc.GetStatus(t.Context(), &hsmpb.GetStatusRequest{}); err != nil {
		t.Error(err)
	}
	// Messages that lack everything are refused as that.
	_, err = rpc.FindKey(t.Context(), &hsmpb.FindKeyRequest{})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("%v", err)
	}
	stream, err := rpc.Sign(t.Context())
	must(t, err)
	for _, c := range []*hsmpb.SignRequest_Call{
		{Number: 1}, {Number: 2, Hash: "MD5"}, {Number: 3, Key: &hsmpb.Reference{Label: "x", PublicKey: []byte("x")}, Input: make([]byte, 32)},
	} {
		must(t, stream.Send(&hsmpb.SignRequest{Calls: []*hsmpb.SignRequest_Call{c}}))
		got, err := stream.Recv()
		must(t, err)
		if a := got.GetAnswers(); len(a) != 1 || a[0].GetNumber() != c.GetNumber() || a[0].GetReason() != "INVALID" || a[0].GetSignature() != nil {
			t.Errorf("%d: %v", c.GetNumber(), got)
		}
	}
	must(t, stream.CloseSend())
}
