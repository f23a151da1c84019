package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/go-json-experiment/json"

	"stellad/attest"
	"stellad/attest/sealed"
	"stellad/attest/sign"
)

// Input is what an archive is made of.
type Input struct {
	SBOM     io.ReadSeeker  // read twice from its beginning: here, and when it is written
	Subject  attest.Subject // the artifact that the SBOM is of
	Metadata Metadata       // its Tools are set to what the SBOM says; so is its Scanner where it has no name: to the first
	Read     Reader
}

// Draft is an archive that is not signed, and that can't be written before it is. It is
// immutable but for its SBOM, which it reads anew when it is written.
type Draft struct {
	sbom      io.ReadSeeker
	file      sealed.File       // the SBOM
	small     map[string][]byte // the files that stand between SBOM and statement
	statement *sign.Statement
	subject   attest.Subject
	predicate []byte
}

// predicate is what the statement says of the subject.
type predicate struct {
	SBOM     described `json:"sbom"`
	Metadata digested  `json:"metadata"`
	Manifest digested  `json:"manifest"` // the last: verify.sh looks for it at the end
}

type described struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Format  string `json:"format"`
	Version string `json:"version"`
}

type digested struct {
	SHA256 string `json:"sha256"`
}

// NewDraft reads the SBOM once and makes all that is to be signed. The same input gives
// the same draft. Errors wrap ErrDraft, ErrMetadata or sign.ErrStatement, or are Read's
// and the SBOM's own.
func NewDraft(in Input) (*Draft, error) {
	about, file, err := in.describe()
	if err != nil {
		return nil, fmt.Errorf("draft an SBOM archive: %w", err)
	}
	d := &Draft{sbom: in.SBOM, file: file, subject: in.Subject}
	in.Metadata.Tools = distinct(about.Tools)
	if in.Metadata.Scanner.Name == "" {
		if in.Metadata.Scanner, err = about.scanner(); err != nil {
			return nil, fmt.Errorf("draft an SBOM archive: %w", err)
		}
	}
	if err := d.fill(in.Metadata, about); err != nil {
		return nil, fmt.Errorf("draft an SBOM archive: %w", err)
	}
	return d, nil
}

func distinct(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

func (in Input) describe() (*Described, sealed.File, error) {
	if _, err := in.SBOM.Seek(0, io.SeekStart); err != nil {
		return nil, sealed.File{}, err
	}
	about, file, err := readSBOM(in.SBOM, in.Read)
	if err != nil {
		return nil, file, err
	}
	name, known := names[[2]string{about.Format, about.Encoding}]
	if !known || about.Version == "" {
		return nil, file, fmt.Errorf("%w: %q %q in %q is none of CycloneDX in json or xml, SPDX in json or tag-value", ErrDraft, about.Format, about.Version, about.Encoding)
	}
	file.Name = name
	return about, file, nil
}

// readSBOM reads an SBOM as a stream, and what of it the reader leaves.
func readSBOM(r io.Reader, read Reader) (*Described, sealed.File, error) {
	h := &measure{Hash: sha256.New()}
	tee := io.TeeReader(r, h)
	about, err := read(tee)
	if err != nil {
		return nil, sealed.File{}, err
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return nil, sealed.File{}, err
	}
	return about, sealed.File{Size: h.size, SHA256: hex.EncodeToString(h.Sum(nil)), Kind: "sbom"}, nil
}

// measure is a hash that counts.
type measure struct {
	hash.Hash
	size int64
}

func (m *measure) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	return m.Hash.Write(p)
}

// fill makes the files that are signed, and what names them.
func (d *Draft) fill(m Metadata, about *Described) error {
	metadata, err := m.Marshal()
	if err != nil {
		return err
	}
	d.small = map[string][]byte{metadataName: metadata, scriptName: Script(), guideName: guide(d.file, about, d.subject)}
	manifest, err := sealed.NewManifest(PredicateType, []sealed.File{
		d.file, sealed.Of(metadataName, "metadata", metadata),
		sealed.Of(scriptName, "script", d.small[scriptName]), sealed.Of(guideName, "guide", d.small[guideName]),
	})
	if err != nil {
		return err
	}
	d.small[manifestName] = manifest.Marshal()
	d.predicate, err = json.Marshal(predicate{
		SBOM:     described{d.file.Name, d.file.SHA256, d.file.Size, about.Format, about.Version},
		Metadata: digested{sealed.Sum(metadata)}, Manifest: digested{sealed.Sum(d.small[manifestName])},
	}, json.Deterministic(true))
	if err != nil {
		return err
	}
	d.statement, err = sign.NewStatement(d.Subjects(), d.Predicate())
	return err
}

// Subjects are those of the statement that is to be signed.
func (d *Draft) Subjects() []attest.Subject { return []attest.Subject{d.subject} }

// Predicate is that of the statement that is to be signed.
func (d *Draft) Predicate() sign.Predicate {
	return sign.Predicate{Type: PredicateType, JSON: bytes.Clone(d.predicate)}
}

// Statement is what a signed bundle must hold to the byte.
func (d *Draft) Statement() *sign.Statement { return d.statement }
