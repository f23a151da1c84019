package hsm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"stellad/hsm/hsmpb"
)

// Sentinels of this package and of the back ends. A caller compares with errors.Is.
var (
	// ErrUnavailable: there is no answer from the token now. Whether the act was done is not known.
	ErrUnavailable = errors.New("HSM unavailable")
	// ErrPIN: the token refused the PIN. It is not tried again.
	ErrPIN = errors.New("the token refused the PIN")
	// ErrNoKey: no key of the token matches.
	ErrNoKey = errors.New("no such key in the token")
	// ErrNoObject: no data object of the token has the label.
	ErrNoObject = errors.New("no such data object in the token")
	// ErrAmbiguous: two or more match, and nothing is done with either.
	ErrAmbiguous = errors.New("more than one matches in the token")
	// ErrExists: the token has a key of this label already.
	ErrExists = errors.New("the token has a key of this label")
	// ErrMechanism: the module can't do it, or not as it must be done.
	ErrMechanism = errors.New("the module can't do it")
	// ErrNotPermitted: the key's attributes, or the token's state, forbid it.
	ErrNotPermitted = errors.New("the token does not permit it")
	// ErrInvalid: what was asked for makes no sense, whatever the token.
	ErrInvalid = errors.New("no valid request")
)

// meanings is what each sentinel is on the wire.
var meanings = []struct {
	err    error
	code   codes.Code
	reason string
}{
	{ErrPIN, codes.Unavailable, "PIN"}, // before ErrUnavailable, which may stand beside it
	{ErrUnavailable, codes.Unavailable, "UNAVAILABLE"},
	{ErrNoKey, codes.NotFound, "NO_KEY"},
	{ErrNoObject, codes.NotFound, "NO_OBJECT"},
	{ErrAmbiguous, codes.FailedPrecondition, "AMBIGUOUS"},
	{ErrExists, codes.AlreadyExists, "EXISTS"},
	{ErrMechanism, codes.Unimplemented, "MECHANISM"},
	{ErrNotPermitted, codes.PermissionDenied, "NOT_PERMITTED"},
	{ErrInvalid, codes.InvalidArgument, "INVALID"},
}

// ReasonOf returns the reason by which err travels: "INTERNAL" for what is none of the sentinels, "UNAVAILABLE" for a
// context that ended.
func ReasonOf(err error) string {
	for _, m := range meanings {
		if errors.Is(err, m.err) {
			return m.reason
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return "UNAVAILABLE"
	}
	return "INTERNAL"
}

// ToWire makes the error of a gRPC call of err.
func ToWire(err error) error {
	reason, code := ReasonOf(err), codes.Internal
	for _, m := range meanings {
		if m.reason == reason {
			code = m.code
		}
	}
	message := strings.ToValidUTF8(err.Error(), "\uFFFD")
	s, _ := status.New(code, message).WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: hsmpb.Domain})
	return s.Err()
}

// told is an error of stellad-hsm: its words, and the sentinel that it travelled as.
type told struct {
	message  string
	sentinel error
}

func (t *told) Error() string { return t.message }
func (t *told) Unwrap() error { return t.sentinel }

// ofReason makes the error again that travelled as reason.
func ofReason(reason, message string) error {
	for _, m := range meanings {
		if m.reason == reason {
			return &told{message, m.err}
		}
	}
	return fmt.Errorf("stellad-hsm failed: %s", message)
}

// fromWire makes an error again of what gRPC says. What gRPC itself has to say of a call is that there is no answer.
func fromWire(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return noAnswer(ctx)
	}
	s := status.Convert(err)
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == hsmpb.Domain {
			return ofReason(info.GetReason(), s.Message())
		}
	}
	return fmt.Errorf("%w: %s", ErrUnavailable, s.Message())
}

// noAnswer is the error of a call whose context ended: the caller's own doing, or the deadline's.
func noAnswer(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fmt.Errorf("%w: no answer in time: %w", ErrUnavailable, ctx.Err())
}
