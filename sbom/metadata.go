package sbom

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"stellad/attest/strictjson"
)

// Metadata says what an SBOM was made with and of. It has no times and no names of
// machines: the same scan gives the same bytes. Digests are "sha256:" and 64 hex.
type Metadata struct {
	Scanner       Scanner      `json:"scanner"`
	Database      *Digest      `json:"database,omitempty"`      // of vulnerabilities, or of packages
	Configuration *NamedInput  `json:"configuration,omitempty"` // the scanner's
	Sources       []NamedInput `json:"sources"`                 // what was scanned
	Inputs        []NamedInput `json:"inputs"`                  // what the build took besides
	Tools         []string     `json:"tools"`                   // that made the SBOM, as it says itself
}

// Scanner is the program that made the SBOM.
type Scanner struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Image   string `json:"image,omitempty"` // digest of the image that it ran from
}

// Digest is a digest that has no name.
type Digest struct {
	Digest string `json:"digest"`
}

// NamedInput is a file or a repository by its name and digest.
type NamedInput struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
}

// versioned is the file: the version comes first.
type versioned struct {
	Version  int `json:"version"`
	Metadata `json:",inline"`
}

const (
	maxMetadata = 1 << 20 // bytes
	maxText     = 1024    // bytes of a name
)

// Marshal gives the one form of metadata: one line of JSON, lists sorted. Errors wrap
// ErrMetadata.
func (m Metadata) Marshal() ([]byte, error) {
	m = m.sorted()
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	text, err := json.Marshal(versioned{1, m}, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	if len(text) >= maxMetadata {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrMetadata, len(text), maxMetadata)
	}
	return append(text, '\n'), nil
}

// ParseMetadata reads what Marshal wrote and nothing else. Errors wrap ErrMetadata.
func ParseMetadata(text []byte) (*Metadata, error) {
	if len(text) > maxMetadata {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMetadata, maxMetadata)
	}
	one, err := strictjson.One(text, 100_000)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	var v versioned
	if err := json.Unmarshal(one, &v, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMetadata, strings.Join(strings.Fields(err.Error()), " "))
	}
	if v.Version != 1 {
		return nil, fmt.Errorf("%w: version %d; this program reads version 1", ErrMetadata, v.Version)
	}
	again, err := v.Metadata.Marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, text) {
		return nil, fmt.Errorf("%w: it is not in its one form", ErrMetadata)
	}
	return &v.Metadata, nil
}

func (m Metadata) sorted() Metadata {
	m.Sources, m.Inputs = sortedInputs(m.Sources), sortedInputs(m.Inputs)
	m.Tools = append([]string{}, m.Tools...)
	slices.Sort(m.Tools)
	return m
}

func sortedInputs(list []NamedInput) []NamedInput {
	list = append([]NamedInput{}, list...)
	slices.SortFunc(list, func(a, b NamedInput) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
	return list
}

func (m Metadata) check() error {
	if err := checkTexts(m.Scanner.Name, m.Scanner.Version); err != nil {
		return fmt.Errorf("scanner: %w", err)
	}
	if m.Scanner.Image != "" && !isDigest(m.Scanner.Image) {
		return fmt.Errorf("scanner: image %.80q is no sha256 digest", m.Scanner.Image)
	}
	if m.Database != nil && !isDigest(m.Database.Digest) {
		return fmt.Errorf("database: %.80q is no sha256 digest", m.Database.Digest)
	}
	inputs := slices.Concat(m.Sources, m.Inputs)
	if m.Configuration != nil {
		inputs = append(inputs, *m.Configuration)
	}
	for _, in := range inputs {
		if err := checkTexts(in.Name); err != nil || !isDigest(in.Digest) {
			return fmt.Errorf("%.80q with digest %.80q: a name and a sha256 digest are wanted", in.Name, in.Digest)
		}
	}
	for _, list := range [][]NamedInput{m.Sources, m.Inputs} {
		if len(slices.Compact(slices.Clone(list))) != len(list) {
			return fmt.Errorf("an input stands there twice")
		}
	}
	return checkTools(m.Tools)
}

func checkTools(tools []string) error {
	for i, tool := range tools {
		if err := checkTexts(tool); err != nil {
			return fmt.Errorf("tool: %w", err)
		}
		if i > 0 && tools[i-1] == tool {
			return fmt.Errorf("tool %.80q stands there twice", tool)
		}
	}
	return nil
}

func checkTexts(texts ...string) error {
	for _, text := range texts {
		if text == "" || len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%.80q is no text of 1 to %d bytes", text, maxText)
		}
	}
	return nil
}

func isDigest(text string) bool {
	sum, ok := strings.CutPrefix(text, "sha256:")
	raw, err := hex.DecodeString(sum)
	return ok && err == nil && len(raw) == 32 && strings.ToLower(sum) == sum
}
