package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// A sum is the beginning of the SHA-256 of a key and its value. It stands before the value in Badger. It finds damage;
// who can write to the folder can forge it.
type sum [16]byte

func sumOf(key string, value []byte) (s sum) {
	b := make([]byte, 0, 4+len(key)+len(value))
	b = binary.BigEndian.AppendUint32(b, uint32(len(key)))
	b = append(append(b, key...), value...)
	h := sha256.Sum256(b)
	copy(s[:], h[:])
	return s
}

// seal puts the checksum of key and value before the value.
func seal(key string, value []byte) []byte {
	s := sumOf(key, value)
	return append(s[:], value...)
}

// unseal returns the value, which shares sealed's memory, or ErrDamaged.
func unseal(key string, sealed []byte) ([]byte, error) {
	if len(sealed) < len(sum{}) {
		return nil, fmt.Errorf("%w: the value of %q is cut short", ErrDamaged, key)
	}
	s, value := sealed[:len(sum{})], sealed[len(sum{}):]
	if want := sumOf(key, value); !bytes.Equal(s, want[:]) {
		return nil, fmt.Errorf("%w: the value of %q fails its checksum", ErrDamaged, key)
	}
	return value, nil
}

// sealedSum returns the checksum as it stands in a sealed value, be the value damaged or not.
func sealedSum(sealed []byte) (s sum) {
	copy(s[:], sealed)
	return s
}

// xor adds a key to a digest, or takes it away again.
func (s *sum) xor(t sum) {
	for i := range s {
		s[i] ^= t[i]
	}
}

// MarshalText writes a sum in hex.
func (s sum) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(s[:])), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *sum) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(s)) {
		return fmt.Errorf("%w: a checksum of %d digits", ErrDamaged, len(text))
	}
	_, err := hex.Decode(s[:], text)
	return err
}
