package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"stellad/attest"
	"stellad/attest/sealed"
	"stellad/attest/sign"
	"stellad/evidence/kind"
)

// Draft is a bundle that is not signed, and that can't be written before it is. It keeps no document: each is read when
// the draft is made, and when it is written. It may be written once at a time.
type Draft struct {
	documents map[string]Document // by name
	small     map[string][]byte   // files that are kept, by name
	manifest  *sealed.Manifest
	statement *sign.Statement
}

// NewDraft reads each document once, and makes all that is to be signed. The same input gives the same draft. Errors wrap
// ErrDraft, or are those of a document's Open and reader.
func NewDraft(in Input) (*Draft, error) {
	d := &Draft{documents: map[string]Document{}, small: map[string][]byte{policyName: in.Policy, scriptName: Script(), guideName: guide(in)}}
	for folder, files := range map[string]map[string][]byte{"checkpoints/": in.Checkpoints, "trust/": in.Trust} {
		for name, content := range files {
			d.small[folder+name] = content
		}
	}
	var err error
	if d.small[verdictsName], err = verdicts(in.Documents); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDraft, err)
	}
	files, err := d.describe(in.Documents)
	if err != nil {
		return nil, fmt.Errorf("draft an evidence bundle: %w", err)
	}
	if d.manifest, err = sealed.NewManifest(PredicateType, files); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDraft, err)
	}
	d.statement, err = d.state(in.Artifacts)
	return d, err
}

// describe reads all files.
func (d *Draft) describe(documents []Document) (files []sealed.File, err error) {
	for name, content := range d.small {
		if content == nil {
			return nil, fmt.Errorf("%w: %s has no content", ErrDraft, name)
		}
		files = append(files, sealed.Of(name, kindOf(name), content))
	}
	for _, doc := range documents {
		if _, twice := d.documents[doc.name()]; twice {
			return nil, fmt.Errorf("%w: %s is there twice", ErrDraft, doc.name())
		}
		d.documents[doc.name()] = doc
		sides, err := doc.read(io.Discard)
		if err != nil {
			return nil, err
		}
		files = append(files, sealed.File{Name: doc.name(), Size: doc.Size, SHA256: doc.SHA256, Kind: string(doc.Kind)})
		for _, s := range sides {
			files = append(files, sealed.Of(s.name, s.kind, s.content))
		}
	}
	return files, nil
}

// kindOf is what a file is that is no evidence, by its name.
func kindOf(name string) string {
	folder, _, nested := strings.Cut(name, "/")
	switch {
	case name == scriptName:
		return "script"
	case name == guideName:
		return "guide"
	case nested && folder == "checkpoints":
		return "checkpoint"
	case nested && folder == "trust":
		return "trust"
	}
	return "about"
}

// read copies a document, which must be the one that it is said to be, and gives what stands beside it.
func (doc Document) read(to io.Writer) ([]side, error) {
	r, err := doc.Open()
	if err != nil {
		return nil, err
	}
	text, keep := &bytes.Buffer{}, doc.Kind == kind.Bundle && doc.Size <= maxAttestation
	if keep {
		to = io.MultiWriter(to, text)
	}
	f, err := sealed.Describe("", "", io.TeeReader(r, to))
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if f.SHA256 != doc.SHA256 || f.Size != doc.Size {
		return nil, fmt.Errorf("%w: %s has %d bytes with SHA-256 %s", ErrDraft, doc.name(), f.Size, f.SHA256)
	}
	if !keep {
		return nil, nil
	}
	sides, err := besides(doc.Kind, doc.SHA256, text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDraft, doc.name(), err)
	}
	return sides, nil
}

// state makes the statement: of the manifest itself, and of the artifacts.
func (d *Draft) state(artifacts []attest.Subject) (*sign.Statement, error) {
	manifest, root := d.manifest.Marshal(), d.manifest.Root()
	sum := sealed.Sum(manifest)
	p, err := jsonv2.Marshal(predicate{len(d.manifest.Files), hex.EncodeToString(root[:]), digested{sum}}, jsonv2.Deterministic(true))
	if err != nil {
		return nil, err
	}
	subjects := append([]attest.Subject{{Name: heads[0], Digest: map[string]string{"sha256": sum}}}, artifacts...)
	s, err := sign.NewStatement(subjects, sign.Predicate{Type: PredicateType, JSON: p})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDraft, err)
	}
	return s, nil
}

// Subjects and Predicate are those of the statement that is to be signed.
func (d *Draft) Subjects() []attest.Subject { return d.statement.Subjects() }

// Predicate is Subjects' other half.
func (d *Draft) Predicate() sign.Predicate { return d.statement.Predicate() }

// verdicts makes about/verdicts.json: documents sorted by their digests, one a line.
func verdicts(documents []Document) ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(documents), func(a, b Document) int { return strings.Compare(a.SHA256, b.SHA256) })
	text := []byte("[\n")
	for i, doc := range sorted {
		line, err := json.Marshal(doc)
		if err != nil {
			return nil, err
		}
		text = append(text, line...)
		if i < len(sorted)-1 {
			text = append(text, ',')
		}
		text = append(text, '\n')
	}
	return append(text, "]\n"...), nil
}
