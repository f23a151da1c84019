// Package soft keeps keys in a file, for trials where there is no token: NOT an HSM. Whoever reads this process's memory
// has the keys, and whoever has the file and the passphrase. stellad-hsm takes it with --dev alone, and Status says what
// it is.
//
// The file is one JSON object. Its box is XChaCha20-Poly1305 under a key that Argon2id (RFC 9106) makes of the
// passphrase, with all other members as associated data; in it is the content, JSON again. Each change writes the file
// anew, whole, under a new random nonce of 24 bytes: a crash leaves the old one or the new one.
package soft

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"stellad/hsm"
	"stellad/internal/durable"
)

// A File is an open key file. It may be used by any number of goroutines; one process has it.
type File struct {
	name string
	lock *os.File
	seal *sealer

	mu         sync.Mutex
	content    content // what is on disk
	signatures uint64
}

// Open opens the key file at name, or makes one that is empty. It wraps hsm.ErrPIN where the passphrase is not the one
// that it was made with, or the file was changed: the two can't be told apart.
func Open(name string, passphrase []byte) (*File, error) {
	lock, err := os.OpenFile(name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	f := &File{name: name, lock: lock}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: another process has it: %w", name, err), lock.Close())
	}
	if err := f.load(passphrase); err != nil {
		return nil, errors.Join(fmt.Errorf("key file %s: %w", name, err), lock.Close())
	}
	return f, nil
}

func (f *File) load(passphrase []byte) error {
	text, err := os.ReadFile(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		f.seal = newSealer(passphrase)
		return f.write(content{})
	}
	if err != nil {
		return err
	}
	f.seal, f.content, err = open(text, passphrase)
	return err
}

// write makes c what the file has.
func (f *File) write(c content) error {
	text, err := f.seal.close(c)
	if err != nil {
		return err
	}
	if err := durable.Replace(f.name, text, 0o600); err != nil {
		return fmt.Errorf("%w: %w", hsm.ErrUnavailable, err)
	}
	f.content = c
	return nil
}

// change makes what edit makes of a copy of the content what the file has.
func (f *File) change(edit func(*content) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.content.clone()
	if err := edit(&c); err != nil {
		return err
	}
	return f.write(c)
}

// Fatal never gives anything.
func (f *File) Fatal() <-chan error { return nil }

// Close lets another process have the file.
func (f *File) Close() error { return f.lock.Close() }

// Status says what this is.
func (f *File) Status(context.Context) (hsm.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	token := f.token()
	return hsm.Status{
		Backend: hsm.SoftBackend, Module: f.name, Library: "keys in a file, for trials alone", Token: &token, LoggedIn: true,
		Mechanisms: slices.Clone(mechanisms), Signatures: f.signatures,
	}, nil
}

// Tokens is the file.
func (f *File) Tokens(context.Context) ([]hsm.Token, error) { return []hsm.Token{f.token()}, nil }

func (f *File) token() hsm.Token {
	return hsm.Token{Label: "soft", Serial: "none", Manufacturer: "Stella", Model: hsm.SoftBackend, Initialised: true, Selected: true}
}

var mechanisms = []string{
	"CKM_EC_KEY_PAIR_GEN", "CKM_ECDSA", "CKM_EC_EDWARDS_KEY_PAIR_GEN", "CKM_EDDSA", "CKM_RSA_PKCS_KEY_PAIR_GEN",
	"CKM_RSA_PKCS_PSS", "CKM_AES_KEY_GEN", string(hsm.KeyWrapPad),
}
