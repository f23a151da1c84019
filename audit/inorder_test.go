package audit

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"
)

func count(n int, failAt int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			var err error
			if i == failAt {
				err = fmt.Errorf("drawing %d", i)
			}
			if !yield(i, err) || err != nil {
				return
			}
		}
	}
}

// TestInOrder holds that items are taken in order, the first error of that order is
// the one that counts, whoever meets it, and nothing runs on afterwards.
func TestInOrder(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, c := range []struct {
		draw, work, take int // where it fails; none where over 1000
		want             string
		taken            int
	}{
		{2000, 2000, 2000, "", 1000},
		{500, 2000, 2000, "drawing 500", 500},
		{2000, 300, 2000, "working 300", 300},
		{2000, 2000, 700, "taking 700", 700},
		{400, 100, 300, "working 100", 100},
		{0, 0, 0, "drawing 0", 0},
	} {
		taken := 0
		work := func(i int) error {
			time.Sleep(time.Duration(i%3) * time.Microsecond)
			if i >= c.work {
				return fmt.Errorf("working %d", i)
			}
			return nil
		}
		err := inOrder(count(1000, c.draw), work, func(i int) error {
			if i != taken {
				t.Fatalf("item %d after %d others", i, taken)
			}
			if i == c.take {
				return errors.New("taking 700")
			}
			taken++
			return nil
		})
		if fmt.Sprint(err) != c.want && (err != nil || c.want != "") || taken != c.taken {
			t.Errorf("%+v: %v after %d", c, err, taken)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
