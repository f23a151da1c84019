package blobs

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("BLOBS_TEST_WRITER"); dir != "" {
		os.Exit(writer(dir))
	}
	os.Exit(m.Run())
}

func mustOpen(t testing.TB, dir string) *Dir {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func put(t testing.TB, d *Dir, content string) Digest {
	t.Helper()
	digest, size, err := d.Put(strings.NewReader(content), int64(len(content)))
	if err != nil || size != int64(len(content)) || digest != sha256.Sum256([]byte(content)) {
		t.Fatalf("Put: %s, %d, %v", digest, size, err)
	}
	return digest
}

// left counts the files in tmp.
func left(t testing.TB, d *Dir) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(d.path, "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestRoundTrip: what is put is there, under its digest, for its owner alone.
func TestRoundTrip(t *testing.T) {
	d := mustOpen(t, filepath.Join(t.TempDir(), "blobs"))
	for _, content := range []string{"", "a", strings.Repeat("0123456789", 100_000)} {
		digest := put(t, d, content)
		got, err := d.ReadAll(digest, int64(len(content)))
		if err != nil || string(got) != content {
			t.Errorf("ReadAll: %d bytes, %v", len(got), err)
		}
		r, err := d.Get(digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, []byte(content)); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil || r.Size() != int64(len(content)) {
			t.Errorf("%d bytes, %v", r.Size(), err)
		}
		if have, err := d.Has(digest); !have || err != nil {
			t.Errorf("Has: %t, %v", have, err)
		}
		if parsed, err := ParseDigest(digest.String()); parsed != digest || err != nil {
			t.Errorf("ParseDigest: %v", err)
		}
	}
	err := filepath.WalkDir(d.path, func(path string, e fs.DirEntry, err error) error {
		st, serr := e.Info()
		if err == nil && serr == nil && st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, st.Mode())
		}
		return errors.Join(err, serr)
	})
	if err != nil || left(t, d) > 0 {
		t.Errorf("%d left, %v", left(t, d), err)
	}
}

// TestPutRefuses: what is too big, or breaks off, leaves nothing.
func TestPutRefuses(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		r     io.Reader
		limit int64
		want  error
	}{
		"one byte too many": {strings.NewReader("abc"), 2, ErrTooBig},
		"nothing allowed":   {strings.NewReader("a"), 0, ErrTooBig},
		"limit below zero":  {strings.NewReader(""), -1, ErrTooBig},
		"no end":            {endless{}, 5 << 20, ErrTooBig},
		"breaks off":        {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), 100, broken},
		"fails at once":     {iotest.ErrReader(broken), 100, broken},
		"fails with bytes":  {iotest.DataErrReader(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))), 100, broken},
		"times out":         {iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))), 100, iotest.ErrTimeout},
	} {
		if digest, size, err := d.Put(c.r, c.limit); !errors.Is(err, c.want) || size != 0 || digest != (Digest{}) {
			t.Errorf("%s: %s, %d, %v", name, digest, size, err)
		}
		if n := left(t, d); n > 0 {
			t.Errorf("%s: %d left", name, n)
		}
	}
	if err := d.Walk(func(f Finding) error { return fmt.Errorf("found %+v", f) }); err != nil {
		t.Error(err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestDamage: what is not the blob is never a blob: not read to a good end, not returned, and found by Walk.
func TestDamage(t *testing.T) {
	content := strings.Repeat("content ", 5000)
	for name, damage := range map[string]func(path string) error{
		"first byte": func(p string) error { return edit(p, func(b []byte) []byte { b[0] ^= 1; return b }) },
		"last byte":  func(p string) error { return edit(p, func(b []byte) []byte { b[len(b)-1] ^= 128; return b }) },
		"short":      func(p string) error { return edit(p, func(b []byte) []byte { return b[:len(b)-1] }) },
		"very short": func(p string) error { return edit(p, func(b []byte) []byte { return b[:1] }) },
		"empty":      func(p string) error { return edit(p, func([]byte) []byte { return nil }) },
		"long":       func(p string) error { return edit(p, func(b []byte) []byte { return append(b, 0) }) },
		"zeros":      func(p string) error { return edit(p, func(b []byte) []byte { return make([]byte, len(b)) }) },
		"another's":  func(p string) error { return edit(p, func([]byte) []byte { return []byte("another") }) },
		"link": func(p string) error {
			return errors.Join(os.Rename(p, p+".moved"), os.Symlink(filepath.Base(p)+".moved", p))
		},
		"link out":  func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/etc/hostname", p)) },
		"dead link": func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/nonexistent", p)) },
		"folder":    func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) },
		"pipe":      func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) },
		"socket": func(p string) error {
			return errors.Join(os.Remove(p), syscall.Mknod(p, syscall.S_IFSOCK|0o600, 0))
		},
		"folder linked": func(p string) error {
			dir := filepath.Dir(p)
			return errors.Join(os.Rename(dir, dir+".moved"), os.Symlink(dir+".moved", dir))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := mustOpen(t, t.TempDir())
			good, bad := put(t, d, "good"), put(t, d, content)
			if err := damage(filepath.Join(d.path, bad.path())); err != nil {
				t.Fatal(err)
			}
			if b, err := d.ReadAll(bad, 1<<20); !errors.Is(err, ErrDamaged) || b != nil {
				t.Errorf("ReadAll: %d bytes, %v", len(b), err)
			}
			if r, err := d.Get(bad); err == nil {
				_, err = io.Copy(io.Discard, r)
				if _, again := r.Read(make([]byte, 1)); !errors.Is(err, ErrDamaged) || !errors.Is(again, ErrDamaged) {
					t.Errorf("read: %v, then %v", err, again)
				}
				_ = r.Close()
			} else if !errors.Is(err, ErrDamaged) {
				t.Errorf("Get: %v", err)
			}
			found := map[Digest]error{}
			err := d.Walk(func(f Finding) error { found[f.Digest] = f.Err; return nil })
			if name != "folder linked" && (err != nil || !errors.Is(found[bad], ErrDamaged) || found[good] != nil) {
				t.Errorf("Walk: %v, %v", found, err)
			}
			if name == "folder" || name == "folder linked" {
				return
			}
			if put(t, d, content); true { // mended
				if b, err := d.ReadAll(bad, 1<<20); string(b) != content || err != nil {
					t.Errorf("put again: %d bytes, %v", len(b), err)
				}
			}
		})
	}
}

func edit(path string, change func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, change(b), 0o600)
}

// TestReadRefuses: what is not there or exceeds the caller's cap.
func TestReadRefuses(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	digest := put(t, d, "abc")
	if b, err := d.ReadAll(digest, 2); !errors.Is(err, ErrTooBig) || b != nil {
		t.Errorf("cap of 2: %q, %v", b, err)
	}
	no := Digest(sha256.Sum256([]byte("no")))
	_, gerr := d.Get(no)
	_, rerr := d.ReadAll(no, 10)
	have, herr := d.Has(no)
	if !errors.Is(gerr, ErrNotFound) || !errors.Is(rerr, ErrNotFound) || have || herr != nil {
		t.Errorf("%v, %v, %t, %v", gerr, rerr, have, herr)
	}
	upper := strings.ToUpper(digest.hex())
	for _, s := range []string{
		"", "sha256:", digest.hex(), "sha256:" + upper, "SHA256:" + digest.hex(), "sha512:" + digest.hex(),
		digest.String() + "0", digest.String()[:70], " " + digest.String(), "sha256:../../../../etc/passwd",
		"sha256:" + strings.Repeat("g", 64), "sha256:" + strings.Repeat("/", 64), "sha256:" + strings.Repeat("\x00", 64),
	} {
		if got, err := ParseDigest(s); !errors.Is(err, ErrDigest) || got != (Digest{}) {
			t.Errorf("ParseDigest(%q): %v", s, err)
		}
	}
}

// TestStrangers: files that are no blobs are told by Walk, each.
func TestStrangers(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	digest := put(t, d, "abc")
	names := []string{"sha256/00/readme", "sha256/00/" + digest.hex(), "sha256/ab/" + strings.Repeat("ab", 33), "sha256/ff/" + strings.Repeat("FF", 32)}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(d.path, name), []byte("abc"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bad := map[string]bool{}
	err := d.Walk(func(f Finding) error {
		if errors.Is(f.Err, ErrDamaged) {
			bad[f.Path] = true
		}
		return nil
	})
	for _, name := range names {
		if !bad[name] {
			t.Errorf("%s was not told", name)
		}
	}
	if err != nil || len(bad) != len(names) {
		t.Errorf("%v, %v", bad, err)
	}
	stop := errors.New("stop")
	if err := d.Walk(func(Finding) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Walk: %v", err)
	}
}

// TestOpen: leftovers go, blobs stay, there is one opener, and what is no folder is refused.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	digest := put(t, d, "abc")
	if _, err := Open(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tmp", "put-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tmp", "folder", "in it"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, dir)
	if b, err := d.ReadAll(digest, 10); string(b) != "abc" || err != nil || left(t, d) > 0 {
		t.Errorf("%q, %v, %d left", b, err, left(t, d))
	}
	others := t.TempDir()
	if err := os.WriteFile(filepath.Join(others, "file"), []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []func(dir string) error{
		func(dir string) error { return os.WriteFile(filepath.Join(dir, "tmp"), nil, 0o600) },
		func(dir string) error { return os.Symlink(others, filepath.Join(dir, "tmp")) },
		func(dir string) error { return os.Symlink(t.TempDir(), filepath.Join(dir, "sha256")) },
		func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "sha256"), 0o700), os.WriteFile(filepath.Join(dir, "sha256/7f"), nil, 0o600))
		},
	} {
		dir := t.TempDir()
		if err := wrong(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
			t.Errorf("Open: %v", err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(others, "file")); string(text) != "another's" || err != nil {
		t.Errorf("what a link leads to was swept away: %v", err)
	}
}

// TestConcurrent: many who put and read the same blobs at once disturb each other in nothing.
func TestConcurrent(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range 20 {
				content := strings.Repeat(fmt.Sprint(i%4), 10_000)
				digest, _, err := d.Put(iotest.HalfReader(strings.NewReader(content)), 1<<20)
				if err != nil {
					t.Error(err)
				}
				if b, err := d.ReadAll(digest, 1<<20); string(b) != content || err != nil {
					t.Errorf("%d bytes, %v", len(b), err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	if err := d.Walk(func(f Finding) error { n++; return f.Err }); err != nil || n != 4 || left(t, d) > 0 {
		t.Errorf("%d blobs, %d left, %v", n, left(t, d), err)
	}
}

// TestModel: whatever is put, damaged, deleted and opened again, a read gives the blob or an error.
func TestModel(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		d, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close(); _ = os.RemoveAll(dir) }()
		state := map[Digest]error{} // of all that were ever put: nil, ErrDamaged or ErrNotFound
		some := func(t *rapid.T) (Digest, bool) {
			if len(state) == 0 {
				return Digest{}, false
			}
			all := slices.SortedFunc(maps.Keys(state), func(a, b Digest) int { return bytes.Compare(a[:], b[:]) })
			return rapid.SampledFrom(all).Draw(t, "digest"), true
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				content := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "content")
				digest, _, err := d.Put(bytes.NewReader(content), 40)
				if err != nil {
					t.Fatal(err)
				}
				state[digest] = nil
			},
			"flip": func(t *rapid.T) {
				if digest, ok := some(t); ok && state[digest] == nil {
					err := edit(filepath.Join(dir, digest.path()), func(b []byte) []byte {
						at := rapid.IntRange(0, len(b)).Draw(t, "at")
						if at == len(b) {
							return append(b, 'x')
						}
						b[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
						return b
					})
					if state[digest] = ErrDamaged; err != nil {
						t.Fatal(err)
					}
				}
			},
			"remove": func(t *rapid.T) {
				if digest, ok := some(t); ok && state[digest] == nil {
					if state[digest] = ErrNotFound; os.Remove(filepath.Join(dir, digest.path())) != nil {
						t.Fatal("cannot remove it")
					}
				}
			},
			"reopen": func(t *rapid.T) {
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
				if d, err = Open(dir); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				for digest, want := range state {
					b, err := d.ReadAll(digest, 50)
					if !errors.Is(err, want) || err == nil && sha256.Sum256(b) != digest || err != nil && b != nil {
						t.Fatalf("%s: %q, %v; it should be %v", digest, b, err, want)
					}
				}
			},
		})
	})
}

// writer is a child that puts blobs until it is killed, and prints the digests.
func writer(dir string) int {
	d, err := Open(dir)
	for n := 0; err == nil; n++ {
		var digest Digest
		if digest, _, err = d.Put(strings.NewReader(strings.Repeat(fmt.Sprint(n, dir), 5000)), 1<<20); err == nil {
			fmt.Println(digest)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// TestKill: a writer that is killed leaves whole blobs alone, and all that it told of.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	for range 5 {
		c := exec.Command(os.Args[0])
		c.Env = []string{"BLOBS_TEST_WRITER=" + dir}
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(150+rand.IntN(200)) * time.Millisecond)
		_ = c.Process.Kill()
		_ = c.Wait()
		d := mustOpen(t, dir)
		have := map[string]bool{}
		if err := d.Walk(func(f Finding) error { have[f.Digest.String()] = true; return f.Err }); err != nil || left(t, d) > 0 {
			t.Errorf("%d left, %v", left(t, d), err)
		}
		for _, digest := range strings.Fields(out.String()) {
			if len(digest) == len(Digest{})*2+7 && !have[digest] {
				t.Errorf("%s is gone", digest)
			}
		}
		if len(have) == 0 {
			t.Error("it wrote nothing")
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	d, content := mustOpen(b, b.TempDir()), make([]byte, 16<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, _, err := d.Put(bytes.NewReader(content), 1<<30); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPutSmall(b *testing.B) {
	d := mustOpen(b, b.TempDir())
	for i := 0; b.Loop(); i++ {
		if _, _, err := d.Put(strings.NewReader(fmt.Sprint(i)), 1<<30); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	d, content := mustOpen(b, b.TempDir()), make([]byte, 16<<20)
	digest, _, err := d.Put(bytes.NewReader(content), 1<<30)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		r, err := d.Get(digest)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
		_ = r.Close()
	}
}

// BenchmarkSHA256 is what Put and Get cannot beat.
func BenchmarkSHA256(b *testing.B) {
	content := make([]byte, 16<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		sha256.Sum256(content)
	}
}
