package main

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
		want status
	}{
		{"none", nil, 0},
		{"unmarked", plain, 1},
		{"bad input", badInput(plain), 2},
		{"verdict", refused(plain), 3},
		{"wrapped verdict", fmt.Errorf("bundle 3: %w", refused(plain)), 3},
		{"joined verdict", errors.Join(plain, refused(plain)), 3},
		{"the outer mark counts", badInput(fmt.Errorf("folder: %w", refused(plain))), 2},
		{"interrupted", fmt.Errorf("read: %w", context.Canceled), 130},
		{"interrupted amid a verdict", refused(context.Canceled), 130},
		{"a deadline is no interruption", context.DeadlineExceeded, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := statusOf(c.err); got != c.want {
				t.Errorf("statusOf(%v) = %d, want %d", c.err, got, c.want)
			}
		})
	}
}

func TestStatusesListEachOnce(t *testing.T) {
	want := []status{0, 1, 2, 3, 4, 5, 6, 7, 130}
	if len(statuses) != len(want) {
		t.Fatalf("%d statuses, want %d", len(statuses), len(want))
	}
	for i, s := range statuses {
		if s.status != want[i] || s.means == "" {
			t.Errorf("row %d is %d %q, want %d with a text", i, s.status, s.means, want[i])
		}
	}
}

func TestMarksKeepTheError(t *testing.T) {
	plain := errors.New("plain")
	for _, marked := range []error{badInput(plain), refused(plain)} {
		if !errors.Is(marked, plain) || marked.Error() != "plain" {
			t.Errorf("%#v hides the error it marks", marked)
		}
	}
}
