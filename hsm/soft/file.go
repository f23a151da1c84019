package soft

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"stellad/hsm"
)

// header is how the box is opened.
type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	KDF     string `json:"kdf"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory"` // KiB
	Threads uint8  `json:"threads"`
	Salt    []byte `json:"salt"`  // 16 bytes
	Nonce   []byte `json:"nonce"` // 24 bytes
}

type file struct {
	header
	Box []byte `json:"box"`
}

// content is what is in the box.
type content struct {
	Pairs    []pair            `json:"pairs"`
	Wrappers []wrapper         `json:"wrappers"`
	Objects  map[string][]byte `json:"objects"`
}

type pair struct {
	Label    string      `json:"label"`
	ID       []byte      `json:"id"`
	PKCS8    []byte      `json:"pkcs8"`
	Custody  hsm.Custody `json:"escrowable"`
	Imported bool        `json:"imported"`
}

type wrapper struct {
	Label    string `json:"label"`
	ID       []byte `json:"id"`
	Value    []byte `json:"value"`
	Imported bool   `json:"imported"`
}

func (c content) clone() content {
	return content{slices.Clone(c.Pairs), slices.Clone(c.Wrappers), maps.Clone(c.Objects)}
}

// Limits on a file that is read: it says itself how much work opening it is.
const (
	maxFile   = 64 << 20
	maxTime   = 16
	maxMemory = 1 << 20 // KiB
)

// fresh is RFC 9106's second recommended choice, of one thread.
var fresh = header{Format: "stella-soft-keys", Version: 1, KDF: "argon2id", Time: 3, Memory: 64 << 10, Threads: 1}

var errFormat = errors.New("this is no key file of version 1")

// parse reads a file without opening it.
func parse(text []byte) (file, error) {
	var f file
	if len(text) > maxFile {
		return f, fmt.Errorf("%w: %d bytes", errFormat, len(text))
	}
	if err := strictly(text, &f); err != nil {
		return f, fmt.Errorf("%w: %w", errFormat, err)
	}
	switch {
	case f.Format != fresh.Format, f.Version != fresh.Version, f.KDF != fresh.KDF:
		return f, errFormat
	case f.Time < 1, f.Time > maxTime, f.Memory < 8, f.Memory > maxMemory, f.Threads < 1, f.Threads > 4:
		return f, fmt.Errorf("%w: parameters of Argon2id", errFormat)
	case len(f.Salt) != 16, len(f.Nonce) != chacha20poly1305.NonceSizeX, len(f.Box) < chacha20poly1305.Overhead:
		return f, fmt.Errorf("%w: lengths", errFormat)
	}
	return f, nil
}

func strictly(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more follows the object")
	}
	return nil
}

// A sealer closes boxes for one passphrase.
type sealer struct {
	header header
	aead   cipher.AEAD
}

func newSealer(passphrase []byte) *sealer {
	h := fresh
	h.Salt = make([]byte, 16)
	_, _ = rand.Read(h.Salt) // it does not fail
	return sealerOf(h, passphrase)
}

func sealerOf(h header, passphrase []byte) *sealer {
	key := argon2.IDKey(passphrase, h.Salt, h.Time, h.Memory, h.Threads, chacha20poly1305.KeySize)
	defer clear(key)
	aead, _ := chacha20poly1305.NewX(key) // the length is right
	return &sealer{h, aead}
}

func (s *sealer) close(c content) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	h := s.header
	h.Nonce = make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(h.Nonce) // it does not fail
	about, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return json.Marshal(file{h, s.aead.Seal(nil, h.Nonce, plain, about)})
}

func open(text, passphrase []byte) (*sealer, content, error) {
	var c content
	f, err := parse(text)
	if err != nil {
		return nil, c, err
	}
	about, err := json.Marshal(f.header)
	if err != nil {
		return nil, c, err
	}
	s := sealerOf(f.header, passphrase)
	plain, err := s.aead.Open(nil, f.Nonce, f.Box, about)
	if err != nil {
		return nil, c, fmt.Errorf("%w, or the file was changed", hsm.ErrPIN)
	}
	defer clear(plain)
	if err := strictly(plain, &c); err != nil {
		return nil, c, fmt.Errorf("%w: %w", errFormat, err)
	}
	return s, c, nil
}
