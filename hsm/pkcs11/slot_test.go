package pkcs11

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

func TestSlot(t *testing.T) {
	tokens := []hsm.Token{
		{Slot: 900, Label: "a", Serial: "s1", Initialised: true},
		{Slot: 1, Label: "b", Serial: "s2", Initialised: true},
		{Slot: 7, Label: "b", Serial: "s3", Initialised: true},
		{Slot: 8, Serial: "", Initialised: false},
	}
	for _, c := range []struct {
		slot string
		want uint64
		err  string
	}{
		{"900", 900, ""},
		{"1", 1, ""}, // an ID comes before an index
		{"0", 900, ""},
		{"2", 7, ""},
		{"token:a", 900, ""},
		{"serial:s3", 7, ""},
		{"3", 0, "slot 8 is not initialised"},
		{"8", 0, "slot 8 is not initialised"},
		{"4", 0, "no token is 4; there are token:a serial:s1 in slot 900, "},
		{"18446744073709551615", 0, "no token is"},
		{"token:b", 0, "2 tokens are token:b"},
		{"token:A", 0, "no token is token:A"},
		{"token:a ", 0, "no token is"},
		{"serial:a", 0, "no token is"},
		{"serial:S3", 0, "no token is"},
	} {
		s, err := ParseSlot(c.slot)
		must(t, err)
		got, err := s.among(tokens)
		if c.err == "" && (err != nil || got.Slot != c.want || !got.Selected) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %+v %v", c.slot, got, err)
		}
	}
	if s, err := ParseSlot("0"); err != nil {
		t.Error(err)
	} else if _, err := s.among(nil); err == nil || !strings.Contains(err.Error(), "there are none") {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "token:", "serial:", "x", "-1", "1.0", "label:a", "0x1", " 1", "18446744073709551616"} {
		if s, err := ParseSlot(bad); err == nil {
			t.Errorf("%q: %+v", bad, s)
		}
	}
}

// TestErrorsMean: an error of the module is one thing to a caller, and none is dead and about what was asked for.
func TestErrorsMean(t *testing.T) {
	m := &Module{config: Config{Module: "/x.so"}}
	for _, k := range kinds {
		for _, code := range k.codes {
			if err := m.explain("", code); !errors.Is(err, k.sentinel) || errors.Is(err, hsm.ErrUnavailable) || !errors.Is(err, code) {
				t.Errorf("%v: %v", code, err)
			}
			if dead(code) {
				t.Errorf("%v costs a session, though it is about the request", code)
			}
		}
	}
	for _, code := range append(deadly, pkcs11.CKR_CANT_LOCK, 0x80000001) {
		if err := m.explain("", code); !errors.Is(err, hsm.ErrUnavailable) {
			t.Errorf("%v: %v", code, err)
		}
	}
}

// TestSoftHSMFiles: what keeps this user from SoftHSM's files is named.
func TestSoftHSMFiles(t *testing.T) {
	dir := t.TempDir()
	conf, folder := filepath.Join(dir, "conf"), filepath.Join(dir, "tokens")
	t.Setenv("SOFTHSM2_CONF", conf)
	says := func(want string) {
		t.Helper()
		if got := softHSMFiles(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	says(conf + " is not there")
	must(t, os.WriteFile(conf, []byte("# x\nlog.level = ERROR\ndirectories.tokendir =  "+folder+" \n"), 0o600))
	says(folder + " is not there")
	must(t, os.Mkdir(folder, 0o700))
	says("")
	must(t, os.WriteFile(conf, []byte("directories.tokendir "+folder+"\n"), 0o600))
	if got := tokenFolder("directories.tokendir\n"); got != "/var/lib/softhsm/tokens" {
		t.Error(got)
	}
}

func TestPIN(t *testing.T) {
	given := []byte("1234")
	p, err := NewPIN(given)
	must(t, err)
	if string(given) != "\x00\x00\x00\x00" || string(p.Bytes()) != "1234" {
		t.Errorf("%q is left, %q is kept", given, p.Bytes())
	}
	must(t, p.use(func(pin string) error {
		if pin != "1234" {
			t.Errorf("%q", pin)
		}
		return nil
	}))
	p.Erase()
	if len(p.Bytes()) != 0 || string(p.page[:4]) != "\x00\x00\x00\x00" {
		t.Error("it is not erased")
	}
	for _, n := range []int{0, 257} {
		if _, err := NewPIN(make([]byte, n)); err == nil {
			t.Errorf("a PIN of %d bytes", n)
		}
	}
}
