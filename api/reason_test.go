package api

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	stellav1 "stellad/api/stella/v1"
)

const unspecified = stellav1.ErrorReason_ERROR_REASON_UNSPECIFIED

func TestReasons(t *testing.T) {
	if len(stellav1.ErrorReason_name) < 11 {
		t.Errorf("%d reasons", len(stellav1.ErrorReason_name))
	}
	seen := map[string]bool{}
	for n := range stellav1.ErrorReason_name {
		r := stellav1.ErrorReason(n)
		name := ReasonName(r)
		if name == "" || seen[name] || ReasonOf(name) != r {
			t.Errorf("%v is called %q, and that is %v", r, name, ReasonOf(name))
		}
		seen[name] = true
		for _, code := range []codes.Code{codes.InvalidArgument, codes.PermissionDenied, codes.Internal} {
			err := Error(code, r, "why")
			if status.Code(err) != code || status.Convert(err).Message() != "why" || Reason(err) != r {
				t.Errorf("%v: %v %v", r, err, Reason(err))
			}
		}
	}
}

func TestReasonOfUnknown(t *testing.T) {
	for _, name := range []string{"", "SOMETHING_NEW", "ERROR_REASON_DENIED", "denied", "DENIED ", "4"} {
		if got := ReasonOf(name); got != unspecified {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// TestReasonOfOthers: an error that this API did not make has no reason of ours, whatever it says.
func TestReasonOfOthers(t *testing.T) {
	with := func(domain, reason string) error {
		s, err := status.New(codes.PermissionDenied, "m").WithDetails(&errdetails.ErrorInfo{Domain: domain, Reason: reason})
		if err != nil {
			t.Fatal(err)
		}
		return s.Err()
	}
	for name, err := range map[string]error{
		"no error":            nil,
		"no status":           errors.New("DENIED"),
		"a lost connection":   status.Error(codes.Unavailable, "connection reset"),
		"a foreign domain":    with("example.test", "DENIED"),
		"no domain":           with("", "DENIED"),
		"nearly our domain":   with("Stella", "DENIED"),
		"a newer release's":   with(Domain, "SOMETHING_NEW"),
		"the enumeration's":   with(Domain, "ERROR_REASON_DENIED"),
		"an OK that is no OK": Error(codes.OK, stellav1.ErrorReason_ERROR_REASON_DENIED, "m"),
		"a status of its own": status.FromContextError(context.Canceled).Err(),
	} {
		if got := Reason(err); got != unspecified {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := Reason(with(Domain, "DENIED")); got != stellav1.ErrorReason_ERROR_REASON_DENIED {
		t.Errorf("our own: %v", got)
	}
	both, err := status.New(codes.PermissionDenied, "m").WithDetails(
		&errdetails.ErrorInfo{Domain: "example.test", Reason: "INTERNAL"}, &errdetails.ErrorInfo{Domain: Domain, Reason: "DENIED"})
	if err != nil || Reason(both.Err()) != stellav1.ErrorReason_ERROR_REASON_DENIED {
		t.Errorf("ours behind a foreign one: %v %v", Reason(both.Err()), err)
	}
}

// TestErrorOverTheWire: a reason arrives, whatever bytes the message quotes.
func TestErrorOverTheWire(t *testing.T) {
	messages := map[string]string{
		"plain": "plain", "é … 漢": "é … 漢", "a\xff\xfeb": "a\uFFFDb", "\xc3": "\uFFFD", "100%41 \x00": "100%41 \x00",
	}
	var said string
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		return Error(codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, said)
	}))
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	defer s.Stop()
	conn, err := grpc.NewClient("unix:"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for message, want := range messages {
		said = message
		_, err := stellav1.NewVerifyServiceClient(conn).Verify(t.Context(), &stellav1.VerifyRequest{})
		if Reason(err) != stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST || status.Convert(err).Message() != want {
			t.Errorf("%q arrived as %v of reason %v", message, err, Reason(err))
		}
	}
}
