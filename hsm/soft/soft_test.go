package soft

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/hsm"
)

// TestVectors is the one of RFC 5649 §6 that is longer than a semiblock.
func TestVectors(t *testing.T) {
	key := unhex(t, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")
	plain := unhex(t, "c37b7e6492584340bed12207808941155068f738")
	want := unhex(t, "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a")
	got, err := wrapPad(key, plain)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x %v", got, err)
	}
	back, err := unwrapPad(key, want)
	if err != nil || !bytes.Equal(back, plain) {
		t.Errorf("%x %v", back, err)
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	must(t, err)
	return b
}

// TestUnwrapRefuses: no bit of what was wrapped may change.
func TestUnwrapRefuses(t *testing.T) {
	key := bytes.Repeat([]byte{3}, 32)
	for _, n := range []int{9, 15, 16, 17, 121, 138} {
		wrapped, err := wrapPad(key, bytes.Repeat([]byte{9}, n))
		must(t, err)
		if plain, err := unwrapPad(key, wrapped); err != nil || len(plain) != n {
			t.Fatalf("%d: %x %v", n, plain, err)
		}
		for bit := range 8 * len(wrapped) {
			changed := bytes.Clone(wrapped)
			changed[bit/8] ^= 1 << (bit % 8)
			if plain, err := unwrapPad(key, changed); !errors.Is(err, hsm.ErrInvalid) {
				t.Fatalf("%d, bit %d: %x %v", n, bit, plain, err)
			}
		}
		for cut := range len(wrapped) {
			if _, err := unwrapPad(key, wrapped[:cut]); !errors.Is(err, hsm.ErrInvalid) {
				t.Fatalf("%d, cut to %d: %v", n, cut, err)
			}
		}
		if _, err := unwrapPad(bytes.Repeat([]byte{4}, 32), wrapped); !errors.Is(err, hsm.ErrInvalid) {
			t.Errorf("another key: %v", err)
		}
	}
	for _, n := range []int{0, 1, 8, maxWrapped + 1} {
		if _, err := wrapPad(key, make([]byte, n)); !errors.Is(err, hsm.ErrInvalid) {
			t.Errorf("%d bytes are wrapped: %v", n, err)
		}
	}
}

func opened(t testing.TB, name, passphrase string) *File {
	t.Helper()
	f, err := Open(name, []byte(passphrase))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestFile: what was there is there again, for the passphrase and for one process.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	f := opened(t, name, "one")
	key, err := f.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.Ed25519})
	must(t, err)
	must(t, f.PutObject(t.Context(), "o", []byte("value")))
	if _, err := Open(name, []byte("one")); err == nil {
		t.Error("two have it")
	}
	must(t, f.Close())
	for _, wrong := range []string{"", "One", "one ", "two"} {
		if _, err := Open(name, []byte(wrong)); !errors.Is(err, hsm.ErrPIN) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	f = opened(t, name, "one")
	if got, err := f.Find(t.Context(), key.Reference()); err != nil || !bytes.Equal(got.Public, key.Public) {
		t.Errorf("%+v %v", got, err)
	}
	if value, err := f.GetObject(t.Context(), "o"); err != nil || string(value) != "value" {
		t.Errorf("%q %v", value, err)
	}
	text, err := os.ReadFile(name)
	must(t, err)
	info, err := os.Stat(name)
	must(t, err)
	if bytes.Contains(text, []byte("value")) || info.Mode() != 0o600 {
		t.Errorf("%v %s", info.Mode(), text)
	}
}

// TestChanged: a file that was changed is none, whatever was changed, and is left as it is.
func TestChanged(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	f := opened(t, name, "one")
	must(t, f.PutObject(t.Context(), "o", []byte("value")))
	must(t, f.Close())
	good, err := os.ReadFile(name)
	must(t, err)
	var members map[string]any
	must(t, json.Unmarshal(good, &members))
	for member, values := range map[string][]any{
		"format": {"", "x"}, "version": {0, 2, -1}, "kdf": {"", "scrypt"}, "time": {0, 2, 17, 4e9, -1},
		"memory": {0, 7, 65535, 1 << 21}, "threads": {0, 2, 5, 256}, "salt": {"", "AAAA", strings.Repeat("A", 22) + "=="},
		"nonce": {"", strings.Repeat("A", 32)}, "box": {"", "AAAA", strings.Repeat("A", 64)}, "more": {1},
	} {
		for _, value := range values {
			changed := map[string]any{}
			for k, v := range members {
				changed[k] = v
			}
			changed[member] = value
			text, err := json.Marshal(changed)
			must(t, err)
			must(t, os.WriteFile(name, text, 0o600))
			if _, err := Open(name, []byte("one")); err == nil {
				t.Errorf("%s = %v is taken", member, value)
			}
			if is, err := os.ReadFile(name); err != nil || !bytes.Equal(is, text) {
				t.Errorf("%s = %v: the file was written", member, value)
			}
		}
	}
	for _, text := range []string{"", "{}", "null", "[]", string(good) + "x", string(good) + "{}", string(good[:len(good)-1]), "\x00"} {
		must(t, os.WriteFile(name, []byte(text), 0o600))
		if _, err := Open(name, []byte("one")); !errors.Is(err, errFormat) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// TestNoRoom: a change that can't be written did not happen.
func TestNoRoom(t *testing.T) {
	dir := t.TempDir()
	f := opened(t, filepath.Join(dir, "keys"), "one")
	must(t, f.PutObject(t.Context(), "o", []byte("one")))
	must(t, os.Rename(dir, dir+".away"))
	defer func() { _ = os.Rename(dir+".away", dir) }()
	if err := f.PutObject(t.Context(), "o", []byte("two")); !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if value, err := f.GetObject(t.Context(), "o"); err != nil || string(value) != "one" {
		t.Errorf("%q %v", value, err)
	}
}

// FuzzFile: whatever is in a file, it is told, and at no great cost.
func FuzzFile(f *testing.F) {
	sealer := sealerOf(header{fresh.Format, 1, fresh.KDF, 1, 8, 1, make([]byte, 16), nil}, []byte("x"))
	good, err := sealer.close(content{Objects: map[string][]byte{"a": {1}}})
	must(f, err)
	f.Add(good)
	f.Add([]byte(`{"format":"stella-soft-keys","version":1,"kdf":"argon2id"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := parse(text)
		if err != nil {
			if !errors.Is(err, errFormat) {
				t.Errorf("%v", err)
			}
			return
		}
		if parsed.Memory > maxMemory || parsed.Time > maxTime || len(parsed.Salt) != 16 || len(parsed.Nonce) != 24 {
			t.Errorf("%+v", parsed.header)
		}
		if parsed.Memory <= 64 && parsed.Time == 1 {
			if _, _, err := open(text, []byte("y")); err == nil {
				t.Error("it was opened by another passphrase")
			}
		}
	})
}

// FuzzUnwrap: nothing that was not wrapped unwraps, and nothing panics.
func FuzzUnwrap(f *testing.F) {
	key := bytes.Repeat([]byte{3}, 32)
	good, err := wrapPad(key, []byte("nine bytes and more"))
	must(f, err)
	f.Add(good)
	f.Fuzz(func(t *testing.T, wrapped []byte) {
		plain, err := unwrapPad(key, wrapped)
		if err != nil {
			return
		}
		if again, err := wrapPad(key, plain); err != nil || !bytes.Equal(again, wrapped) {
			t.Errorf("%x is not what wraps %x", wrapped, plain)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
