package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"stellad/internal/cli"
)

// maxPiece is the most that one message has of a document's bytes.
const maxPiece = 1 << 20

// sendPieces sends what r holds, by pieces, and at least one: an empty document has one that is empty.
func sendPieces(r io.Reader, send func([]byte) error) error {
	piece := make([]byte, maxPiece)
	for first := true; ; first = false {
		n, err := io.ReadFull(r, piece)
		if n > 0 || first {
			if err := send(piece[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// writeHashed writes pieces to a file that is not there, whole and on disk, or not at all. What does not have the SHA-256
// that is wanted is refused; "" wants none. Next ends with io.EOF.
func writeHashed(name, want string, next func() ([]byte, error)) error {
	if err := unused(name); err != nil {
		return cli.BadInput(err)
	}
	hash := sha256.New()
	err := writeWhole(name, func(w io.Writer) error {
		for {
			piece, err := next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			hash.Write(piece)
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		if got := hex.EncodeToString(hash.Sum(nil)); want != "" && got != want {
			return cli.Refused(fmt.Errorf("what the daemon sent has the SHA-256 %s, not %s", got, want))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}
