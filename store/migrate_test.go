package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
)

var errCrash = errors.New("crash")

// upper writes the keys of tiles in upper case, two at a time.
func upper(tx *Tx, cursor []byte) (next []byte, done bool, err error) {
	rows, some := tx.In(tiles), [][2]string{}
	err = rows.Each(nil, cursor, func(key, value []byte) error {
		if strings.ToUpper(string(key)) == string(key) {
			return nil
		}
		if len(some) == 2 {
			next = append(next, key...)
			return errEnough
		}
		some = append(some, [2]string{string(key), string(value)})
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, false, err
	}
	for _, kv := range some {
		if err := errors.Join(rows.Delete([]byte(kv[0])), rows.Put([]byte(strings.ToUpper(kv[0])), []byte(kv[1]+"!"))); err != nil {
			return nil, false, err
		}
	}
	return next, next == nil, nil
}

// TestMigrationCrashes: wherever a migration ends early, the next start goes on, and each key is changed once.
func TestMigrationCrashes(t *testing.T) {
	want := map[string]string{}
	for crashAt := 1; crashAt < 20; crashAt++ {
		o := opts(t.TempDir())
		s := mustOpen(t, o)
		for i := range 9 {
			put(t, s, tiles, fmt.Sprintf("k%d", i), "v")
			want[fmt.Sprintf("K%d", i)] = "v!?"
		}
		mustClose(t, s)
		steps := 0
		crashing := func(step func(*Tx, []byte) ([]byte, bool, error)) func(*Tx, []byte) ([]byte, bool, error) {
			return func(tx *Tx, cursor []byte) ([]byte, bool, error) {
				next, done, err := step(tx, cursor)
				if steps++; steps == crashAt {
					return nil, false, errCrash
				}
				return next, done, err
			}
		}
		mark := func(tx *Tx, _ []byte) ([]byte, bool, error) {
			got := map[string]string{}
			err := tx.In(tiles).Each(nil, nil, func(key, value []byte) error { got[string(key)] = string(value) + "?"; return nil })
			for key, value := range got {
				err = errors.Join(err, tx.In(tiles).Put([]byte(key), []byte(value)))
			}
			return nil, true, err
		}
		o.Migrations = []Migration{{1, "upper", crashing(upper)}, {2, "mark", crashing(mark)}}
		s, err := Open(context.Background(), o)
		crashed := err != nil
		if crashed {
			if !errors.Is(err, errCrash) {
				t.Fatalf("crash at %d: %v", crashAt, err)
			}
			if _, err := Open(context.Background(), opts(o.Dir)); !errors.Is(err, ErrNewer) {
				t.Errorf("crash at %d: the older release opens it: %v", crashAt, err)
			}
			s = mustOpen(t, o)
		}
		if got, err := all(s, tiles); err != nil || !maps.Equal(got, want) {
			t.Errorf("crash at %d: %v, %v", crashAt, got, err)
		}
		mustClose(t, s)
		before := steps
		mustClose(t, mustOpen(t, o))
		if steps != before {
			t.Errorf("crash at %d: they ran again", crashAt)
		}
		if !crashed {
			if crashAt < 5 {
				t.Errorf("%d steps", crashAt-1)
			}
			return
		}
	}
	t.Error("it never ran through")
}

// TestMigrationsRefuse: a wrong order, a step that goes nowhere, and a store of a newer release.
func TestMigrationsRefuse(t *testing.T) {
	step := func(*Tx, []byte) ([]byte, bool, error) { return nil, true, nil }
	for name, all := range map[string][]Migration{
		"from 0": {{0, "a", step}}, "from 2": {{2, "a", step}}, "a gap": {{1, "a", step}, {3, "b", step}},
		"twice": {{1, "a", step}, {1, "b", step}}, "down": {{2, "a", step}, {1, "b", step}}, "no step": {{1, "a", nil}},
	} {
		o := opts(t.TempDir())
		o.Migrations = all
		if _, err := Open(context.Background(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	o := opts(t.TempDir())
	mustClose(t, mustOpen(t, o))
	o.Migrations = []Migration{{1, "stuck", func(*Tx, []byte) ([]byte, bool, error) { return nil, false, nil }}}
	if _, err := Open(context.Background(), o); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a step that goes nowhere: %v", err)
	}
	o.Migrations = []Migration{{1, "a", step}, {2, "b", step}}
	mustClose(t, mustOpen(t, o))
	for n := range 2 {
		o.Migrations = o.Migrations[:n]
		if _, err := Open(context.Background(), o); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "migration 2") {
			t.Errorf("a release that knows %d: %v", n, err)
		}
		o.Migrations = []Migration{{1, "a", step}, {2, "b", step}}
	}
	fresh := opts(t.TempDir())
	fresh.Migrations = []Migration{{1, "a", func(*Tx, []byte) ([]byte, bool, error) { return nil, false, errCrash }}}
	mustOpen(t, fresh) // a new store has nothing to migrate
}
