package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"stellad/tlog"
)

// File is one file of a manifest. Its JSON is its line there.
type File struct {
	Name   string `json:"name"`   // with slashes
	Size   int64  `json:"size"`   // in bytes
	SHA256 string `json:"sha256"` // in lower-case hex
	Kind   string `json:"kind"`   // what it is in its archive
}

// Manifest names files, sorted by the bytes of their names, each once. Its JSON has one
// form: a first line, one line for each file, a last line.
//
//	{"version":1,"type":"tag:stella,2026:sbom-archive/v1","count":1,"root":"9f86…","files":[
//	{"name":"a","size":3,"sha256":"ba78…","kind":"evidence"}
//	]}
//
// Lines of files end in a comma but for the last; every line ends in "\n".
type Manifest struct {
	Type  string // the predicate type of the statement that names it
	Files []File
}

// MaxManifest bounds a manifest's JSON, in bytes: 100,000 files.
const MaxManifest = 32 << 20

// head is the manifest's first line, up to the files.
type head struct {
	Version int    `json:"version"`
	Type    string `json:"type"`
	Count   int    `json:"count"`
	Root    string `json:"root"`
}

const (
	opening = `,"files":[` + "\n"
	closing = "]}\n"
)

// NewManifest sorts files. Two of one name are an error that wraps ErrSealed.
func NewManifest(predicateType string, files []File) (*Manifest, error) {
	m := &Manifest{Type: predicateType, Files: slices.Clone(files)}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return m, m.check()
}

func (m *Manifest) check() error {
	for i, f := range m.Files {
		if i > 0 && m.Files[i-1].Name >= f.Name {
			return fmt.Errorf("%w manifest: %q stands there twice, or out of order", ErrSealed, f.Name)
		}
		if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != 32 || strings.ToLower(f.SHA256) != f.SHA256 || f.Size < 0 {
			return fmt.Errorf("%w manifest: %q has no size and SHA-256", ErrSealed, f.Name)
		}
	}
	return nil
}

// Line gives the file's line, without comma and line feed.
func (f File) Line() []byte {
	line, err := json.Marshal(f, json.Deterministic(true))
	if err != nil {
		return nil // of strings that are not UTF-8, which no archive has for names
	}
	return line
}

// Root gives the RFC 6962 Merkle root over the lines of the files.
func (m *Manifest) Root() tlog.Hash {
	var tree tlog.Range
	for _, f := range m.Files {
		tree.Append(tlog.LeafHash(f.Line()))
	}
	return tree.Root()
}

// Marshal gives the manifest's JSON.
func (m *Manifest) Marshal() []byte {
	root := m.Root()
	first, err := json.Marshal(head{Version: 1, Type: m.Type, Count: len(m.Files), Root: hex.EncodeToString(root[:])})
	if err != nil {
		return nil // of a type that is not UTF-8
	}
	text := append(bytes.TrimSuffix(first, []byte("}")), opening...)
	for i, f := range m.Files {
		text = append(text, f.Line()...)
		if i < len(m.Files)-1 {
			text = append(text, ',')
		}
		text = append(text, '\n')
	}
	return append(text, closing...)
}

// ParseManifest reads what Marshal wrote and nothing else, of this type. Errors wrap
// ErrSealed.
func ParseManifest(text []byte, predicateType string) (*Manifest, error) {
	if len(text) > MaxManifest {
		return nil, fmt.Errorf("%w manifest: more than %d bytes", ErrSealed, MaxManifest)
	}
	_, rest, ok := bytes.Cut(text, []byte(opening))
	body, ends := bytes.CutSuffix(rest, []byte(closing))
	if !ok || !ends {
		return nil, fmt.Errorf("%w manifest: it does not begin and end as one", ErrSealed)
	}
	m := &Manifest{Type: predicateType, Files: make([]File, 0, bytes.Count(body, []byte("\n")))}
	for line := range bytes.Lines(body) {
		var f File
		if err := json.Unmarshal(bytes.TrimRight(line, ",\n"), &f, json.RejectUnknownMembers(true)); err != nil {
			return nil, fmt.Errorf("%w manifest: line %d: %s", ErrSealed, len(m.Files)+2, oneLine(err))
		}
		m.Files = append(m.Files, f)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(m.Marshal(), text) {
		return nil, fmt.Errorf("%w manifest: it is not in its one form, with its own root and count, for %s", ErrSealed, predicateType)
	}
	return m, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// Find gives the file of a name.
func (m *Manifest) Find(name string) (File, bool) {
	i, found := slices.BinarySearchFunc(m.Files, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	if !found {
		return File{}, false
	}
	return m.Files[i], true
}

// Of describes content that a caller has in memory.
func Of(name, kind string, content []byte) File {
	return File{Name: name, Size: int64(len(content)), SHA256: Sum(content), Kind: kind}
}

// Describe reads content to its end.
func Describe(name, kind string, content io.Reader) (File, error) {
	h := sha256.New()
	n, err := io.Copy(h, content)
	return File{Name: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil)), Kind: kind}, err
}
