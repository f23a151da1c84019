package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"stellad/hsm"
	"stellad/internal/durable"
)

// A wrong PIN must not be tried again by the next process: a caller of the socket makes systemd start one, and a token
// locks itself after a few. So a refusal leaves a file in the runtime folder, with a salted Argon2id hash of PIN and
// token: a start with the same two does not log in; it tells who called, and ends. Another PIN, or the next boot, has its one try. Where systemd gives
// no folder nothing starts this program over and over.

const refusedSalt = 16

// refusedFile is "" where there is no folder for it.
func refusedFile() string {
	folder := os.Getenv("RUNTIME_DIRECTORY")
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, "pin-refused")
}

func refusedHash(salt, pin []byte, c config) []byte {
	text := fmt.Appendf(append([]byte{}, pin...), "\x00%s\x00%s", c.Module, c.Slot)
	defer clear(text)
	return append(append([]byte{}, salt...), argon2.IDKey(text, salt, 3, 64<<10, 1, 32)...)
}

// checkRefused is hsm.ErrPIN where this PIN was refused by this token since the boot.
func checkRefused(name string, pin []byte, c config) error {
	if name == "" {
		return nil
	}
	before, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(before) > refusedSalt && bytes.Equal(before, refusedHash(before[:refusedSalt], pin, c)) {
		return fmt.Errorf("%w before, and this is the same: give another, or remove %s to have it tried once more", hsm.ErrPIN, name)
	}
	return nil
}

// noteRefused has later starts know of it.
func noteRefused(name string, pin []byte, c config) error {
	if name == "" {
		return nil
	}
	salt := make([]byte, refusedSalt)
	_, _ = rand.Read(salt) // it does not fail
	return durable.Replace(name, refusedHash(salt, pin, c), 0o600)
}
