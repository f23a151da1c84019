package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestStatusOf(t *testing.T) {
	plain := errors.New("plain")
	for _, c := range []struct {
		name string
		err  error
		want Status
	}{
		{"none", nil, 0},
		{"unmarked", plain, 1},
		{"bad input", BadInput(plain), 2},
		{"verdict", Refused(plain), 3},
		{"wrapped verdict", fmt.Errorf("bundle 3: %w", Refused(plain)), 3},
		{"joined verdict", errors.Join(plain, Refused(plain)), 3},
		{"the outer mark counts", BadInput(fmt.Errorf("folder: %w", Refused(plain))), 2},
		{"interrupted", fmt.Errorf("read: %w", context.Canceled), 130},
		{"interrupted amid a verdict", Refused(context.Canceled), 130},
		{"a deadline is no interruption", context.DeadlineExceeded, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := StatusOf(c.err); got != c.want {
				t.Errorf("statusOf(%v) = %d, want %d", c.err, got, c.want)
			}
		})
	}
}

func TestStatusesListEachOnce(t *testing.T) {
	want := []Status{0, 1, 2, 3, 4, 5, 6, 7, 130}
	if len(statuses) != len(want) {
		t.Fatalf("%d statuses, want %d", len(statuses), len(want))
	}
	for i, s := range statuses {
		if s.Status != want[i] || s.means == "" {
			t.Errorf("row %d is %d %q, want %d with a text", i, s.Status, s.means, want[i])
		}
	}
}

func TestMarksKeepTheError(t *testing.T) {
	plain := errors.New("plain")
	for _, marked := range []error{BadInput(plain), Refused(plain)} {
		if !errors.Is(marked, plain) || marked.Error() != "plain" {
			t.Errorf("%#v hides the error it marks", marked)
		}
	}
}
