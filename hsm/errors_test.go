package hsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestErrorsTravel: a sentinel is the same at the other end, with the words that were around it.
func TestErrorsTravel(t *testing.T) {
	for _, m := range meanings {
		sent := fmt.Errorf("sign %q: %w: and a reason", "k", m.err)
		got := fromWire(t.Context(), ToWire(sent))
		if !errors.Is(got, m.err) || got.Error() != sent.Error() || status.Code(ToWire(sent)) != m.code {
			t.Errorf("%v arrived as %v", sent, got)
		}
		for _, other := range meanings {
			if !errors.Is(other.err, m.err) && errors.Is(got, other.err) {
				t.Errorf("%v arrived as %v too", sent, other.err)
			}
		}
		if got := ofReason(ReasonOf(sent), sent.Error()); !errors.Is(got, m.err) {
			t.Errorf("%v arrived in an answer as %v", sent, got)
		}
	}
	both := fmt.Errorf("%w: %w", ErrUnavailable, ErrPIN)
	if got := fromWire(t.Context(), ToWire(both)); !errors.Is(got, ErrPIN) {
		t.Errorf("%v", got)
	}
}

// TestOtherErrors: what is none of the sentinels is never taken for one, nor what gRPC says itself for an answer.
func TestOtherErrors(t *testing.T) {
	sentinel := func(err error) (found error) {
		for _, m := range meanings {
			if errors.Is(err, m.err) {
				found = m.err
			}
		}
		return found
	}
	if got := fromWire(t.Context(), ToWire(errors.New("a bug \xff"))); sentinel(got) != nil || !strings.Contains(got.Error(), "a bug \uFFFD") {
		t.Errorf("%v", got)
	}
	for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
		if got := fromWire(t.Context(), ToWire(err)); !errors.Is(got, ErrUnavailable) {
			t.Errorf("%v: %v", err, got)
		}
	}
	for _, code := range []codes.Code{codes.Unavailable, codes.Unimplemented, codes.NotFound, codes.ResourceExhausted, codes.Internal} {
		if got := sentinel(fromWire(t.Context(), status.Error(code, "x"))); !errors.Is(got, ErrUnavailable) {
			t.Errorf("gRPC's own %v: %v", code, got)
		}
	}
	if got := fromWire(t.Context(), io.EOF); !errors.Is(got, ErrUnavailable) {
		t.Errorf("%v", got)
	}
	late, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-late.Done()
	if got := fromWire(late, io.EOF); !errors.Is(got, ErrUnavailable) || !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("%v", got)
	}
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	if got := fromWire(gone, io.EOF); errors.Is(got, ErrUnavailable) || !errors.Is(got, context.Canceled) {
		t.Errorf("%v", got)
	}
}
