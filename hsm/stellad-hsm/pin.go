package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"stellad/hsm/pkcs11"
)

// readPIN takes the PIN from systemd's credential "pin" (systemd.exec(5), LoadCredentialEncrypted=), else from the file
// of the configuration. A line break at its end is not the PIN's.
func readPIN(c config) (*pkcs11.PIN, error) {
	name := c.PINFile
	if folder := os.Getenv("CREDENTIALS_DIRECTORY"); folder != "" && name == "" {
		name = filepath.Join(folder, "pin")
	}
	if name == "" {
		return nil, errors.New("there is no PIN: neither a credential called pin, nor pin-file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("PIN: %w", err)
	}
	defer f.Close()
	text := make([]byte, 512)
	defer clear(text)
	n, err := io.ReadFull(f, text)
	if err == nil {
		return nil, fmt.Errorf("PIN: %s has more than 512 bytes", name)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("PIN: %w", err)
	}
	pin := bytes.TrimSuffix(bytes.TrimSuffix(text[:n], []byte("\n")), []byte("\r"))
	held, err := pkcs11.NewPIN(pin)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return held, nil
}
