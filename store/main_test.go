package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test binary is also the child that checks a store, and a writer that gets killed.
func TestMain(m *testing.M) {
	switch os.Getenv("STORE_TEST_CHILD") {
	case "check":
		os.Exit(CheckMain(os.Args[1:]))
	case "writer":
		os.Exit(writer(os.Args[1]))
	case "cutter":
		os.Exit(cutter(os.Args[1]))
	case "die":
		os.Exit(die(os.Args[1]))
	}
	os.Exit(m.Run())
}

func child(dir string) *exec.Cmd {
	c := exec.Command(os.Args[0], dir)
	c.Env = []string{"STORE_TEST_CHILD=check", "GORACE=atexit_sleep_ms=0"} // else the race detector sleeps for a second
	return c
}

// The keyspaces of the tests. The view counts words: a record is "+word" or "-word", and a word that falls to 0 goes.
var (
	words = View("words", 1, foldWords)
	tiles = Content("tiles")
	notes = Cache("notes")
)

func foldWords(rows Rows, _ uint64, record []byte) error {
	word := record[1:]
	n, err := wordCount(rows, word)
	if err != nil {
		return err
	}
	if n += 1; record[0] == '-' {
		n -= 2
	}
	if n == 0 {
		return rows.Delete(word)
	}
	return rows.Put(word, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func wordCount(rows Rows, word []byte) (int64, error) {
	b, err := rows.Get(word)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

// foldModel is foldWords over a map.
func foldModel(records []string) map[string]string {
	n := map[string]int64{}
	for _, r := range records {
		if n[r[1:]]++; r[0] == '-' {
			n[r[1:]] -= 2
		}
	}
	m := map[string]string{}
	for word, n := range n {
		if n != 0 {
			m[word] = string(binary.BigEndian.AppendUint64(nil, uint64(n)))
		}
	}
	return m
}

func opts(dir string) Options {
	return Options{Dir: dir, Keyspaces: []*Keyspace{words, tiles, notes}, Check: child}
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, s *Store, k *Keyspace, key, value string) {
	t.Helper()
	if err := s.Update(context.Background(), func(tx *Tx) error { return tx.In(k).Put([]byte(key), []byte(value)) }); err != nil {
		t.Fatal(err)
	}
}

func get(s *Store, k *Keyspace, key string) (value string, err error) {
	err = s.Read(func(tx *Tx) error {
		b, err := tx.In(k).Get([]byte(key))
		value = string(b)
		return err
	})
	return value, err
}

// all reads a whole keyspace.
func all(s *Store, k *Keyspace) (map[string]string, error) {
	m := map[string]string{}
	return m, s.Read(func(tx *Tx) error {
		return tx.In(k).Each(nil, nil, func(key, value []byte) error {
			m[string(key)] = string(value)
			return nil
		})
	})
}

// catch brings the view of words up to a log.
func catch(s *Store, v *Keyspace, log []string) (rebuilt bool, why string, err error) {
	return s.Catch(context.Background(), v, uint64(len(log)), func(from uint64, apply func(uint64, []byte) error) error {
		for i := from; i < uint64(len(log)); i++ {
			if err := apply(i, []byte(log[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

func mustCatch(t testing.TB, s *Store, log []string) {
	t.Helper()
	if rebuilt, why, err := catch(s, words, log); err != nil || rebuilt {
		t.Fatalf("Catch: rebuilt %t, %q, %v", rebuilt, why, err)
	}
}

// someLog makes a log of n records.
func someLog(n int) (log []string) {
	for i := range n {
		sign := "+"
		if i%5 == 4 {
			sign = "-"
		}
		log = append(log, fmt.Sprintf("%sword%d", sign, i*i%97))
	}
	return log
}

// blob makes a value that is told by its key.
func blob(key string) string {
	d := sha256.Sum256([]byte(key))
	return strings.Repeat(string(d[:]), 1+int(d[0])%8)
}
