package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/hsm"
	"stellad/internal/tokens"
)

// TestWrongPIN: it is tried once, however many call and however often the program is started, until it is another.
func TestWrongPIN(t *testing.T) {
	b := newBed(t)
	folder := filepath.Join(b.dir, "runtime")
	must(t, os.Mkdir(folder, 0o700))
	b.env = append(b.env, "RUNTIME_DIRECTORY="+folder)
	b.writePIN("wrong-horse-8")
	s := b.supervise()
	c := b.client()
	told := false
	b.within(20*time.Second, func(context.Context) error { // calls go on until it has ended
		_, err := c.Keys(t.Context())
		told = told || errors.Is(err, hsm.ErrPIN)
		if !errors.Is(err, hsm.ErrUnavailable) && !errors.Is(err, hsm.ErrPIN) {
			t.Errorf("%v", err)
		}
		if len(s.statuses()) == 0 {
			return errors.New("it runs still")
		}
		return nil
	})
	if exits := s.statuses(); exits[0] != int(statusPIN) || !told || b.logins() != 1 {
		t.Errorf("exits %v, told %t, %d logins", exits, told, b.logins())
	}
	again := b.supervise()
	b.within(5*time.Second, func(context.Context) error { // it does not even ask the token, and says why
		if _, err := c.Keys(t.Context()); !errors.Is(err, hsm.ErrPIN) {
			return err
		}
		return nil
	})
	<-again.stopped
	for range 2 {
		status, out := b.once("--config", b.config)
		if status != statusPIN || !strings.Contains(out, "PIN") || b.logins() != 1 {
			t.Errorf("%d, %d logins: %s", status, b.logins(), out)
		}
	}
	b.writePIN("wrong-horse-9")
	if status, _ := b.once("--config", b.config); status != statusPIN || b.logins() != 2 {
		t.Errorf("%d, %d logins", status, b.logins())
	}
	b.writePIN(tokens.PIN)
	b.supervise()
	must(t, b.signs(b.key(c, "k"), time.Second))
}

// TestFinalTry: the token's last try is left to a person.
func TestFinalTry(t *testing.T) {
	b := newBed(t)
	b.tell("final-try")
	if status, out := b.once("--config", b.config); status != statusPIN || b.logins() != 0 || !strings.Contains(out, "would lock it") {
		t.Errorf("%d, %d logins: %s", status, b.logins(), out)
	}
}

// TestPINElsewhere: systemd's credential is the PIN, without its line break.
func TestPINElsewhere(t *testing.T) {
	b := newBed(t)
	folder := t.TempDir()
	must(t, os.Rename(b.pinFile(), filepath.Join(folder, "pin")))
	text, err := os.ReadFile(b.config)
	must(t, err)
	must(t, os.WriteFile(b.config, []byte(strings.Replace(string(text), "pin-file", "#pin-file", 1)), 0o644))
	if status, out := b.once("check", "--config", b.config); status != 2 || !strings.Contains(out, "there is no PIN") {
		t.Errorf("%d: %s", status, out)
	}
	b.env = append(b.env, "CREDENTIALS_DIRECTORY="+folder)
	if status, out := b.once("check", "--config", b.config); status != 0 {
		t.Errorf("%d: %s", status, out)
	}
}

func TestPINForms(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pin")
	for text, want := range map[string]string{
		"1234": "1234", "1234\n": "1234", "1234\r\n": "1234", " 12 \n": " 12 ", "\n": "", "": "", "12\n\n": "12\n",
		strings.Repeat("x", 256): strings.Repeat("x", 256), strings.Repeat("x", 257): "", strings.Repeat("x", 4000): "",
	} {
		must(t, os.WriteFile(name, []byte(text), 0o600))
		pin, err := readPIN(config{PINFile: name})
		if (err != nil) != (want == "") || err == nil && string(pin.Bytes()) != want {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if _, err := readPIN(config{PINFile: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a PIN out of nowhere")
	}
}
