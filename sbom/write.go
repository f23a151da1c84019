package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"stellad/attest/sealed"
	"stellad/internal/archive"
)

// Write writes the archive that a bundle signs. The bundle must hold the draft's own
// statement, one signature, a timestamp and a log entry; that they verify is the word of
// whoever made it, and of Verify. The SBOM must be what it was when the draft was made.
// Errors wrap ErrDraft, archive.ErrArchive, or are those of w and the SBOM; after one,
// what was written is no archive.
func (d *Draft) Write(w io.Writer, bundle []byte) error {
	if err := d.write(w, bundle); err != nil {
		return fmt.Errorf("write an SBOM archive: %w", err)
	}
	return nil
}

func (d *Draft) write(w io.Writer, bundle []byte) error {
	sides, err := d.sides(bundle)
	if err != nil {
		return err
	}
	out := archive.NewWriter(w, limits)
	if err := d.writeSBOM(out); err != nil {
		return err
	}
	for _, name := range layout {
		content := d.small[name]
		if content == nil {
			content = sides[name]
		}
		if err := out.Add(archive.Entry{Name: name, Size: int64(len(content))}, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	return out.Close()
}

func (d *Draft) writeSBOM(out *archive.Writer) error {
	if _, err := d.sbom.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := sha256.New()
	if err := out.Add(archive.Entry{Name: d.file.Name, Size: d.file.Size}, io.TeeReader(d.sbom, h)); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != d.file.SHA256 {
		return fmt.Errorf("%w: the SBOM changed since the draft was made", ErrDraft)
	}
	return nil
}

// sides gives the files that stand for the signature, by name.
func (d *Draft) sides(bundle []byte) (map[string][]byte, error) {
	doc, sides, err := sealed.Open(bundle)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDraft, err)
	case !bytes.Equal(sides.Statement, d.statement.Bytes()):
		return nil, fmt.Errorf("%w: the bundle signs another statement than the draft's", ErrDraft)
	case len(sides.Signature) == 0 || len(doc.LogEntries()) == 0:
		return nil, fmt.Errorf("%w: the bundle lacks a signature or a log entry", ErrDraft)
	}
	return beside(sides, bundle), nil
}

func beside(s *sealed.Sides, bundle []byte) map[string][]byte {
	return map[string][]byte{statementName: s.Statement, paeName: s.PAE, signatureName: s.Signature, tokenName: s.Tokens[0], bundleName: bundle}
}
