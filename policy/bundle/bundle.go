// Package bundle reads and writes policy bundles: .tar.gz files in OPA's format.
//
// What a bundle says is not looked into here, nor who signed it (package signature): only that it is an archive of plain
// files, each once, below a folder. What `opa build` writes is read; what is written here is the same to the byte for the
// same files. https://www.openpolicyagent.org/docs/latest/management-bundles/
package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// ErrBundle is wrapped by every reason for which bytes are no bundle.
var ErrBundle = errors.New("not a policy bundle")

// Limits of a bundle.
const (
	MaxSize  = 4 << 20  // bytes, packed
	maxTotal = 32 << 20 // bytes of all files
	maxFiles = 1000
)

// Files are a bundle's, by their paths without a leading slash.
type Files map[string][]byte

// Names gives the files' paths, sorted.
func (f Files) Names() []string { return slices.Sorted(maps.Keys(f)) }

// Manifest, and the file that has a bundle's signature.
const (
	Manifest   = ".manifest"
	Signatures = ".signatures.json"
)

// Read takes a bundle apart. Errors wrap ErrBundle.
func Read(text []byte) (Files, error) {
	f, err := read(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return f, nil
}

func read(text []byte) (Files, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%d bytes, more than %d", len(text), MaxSize)
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	capped := &io.LimitedReader{R: z, N: maxTotal}
	t := tar.NewReader(capped)
	files := Files{}
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return files, nil
		case capped.N == 0:
			return nil, fmt.Errorf("more than %d bytes, unpacked", maxTotal)
		case err != nil:
			return nil, err
		case h.Typeflag == tar.TypeDir:
			continue
		}
		if err := files.add(h, t); err != nil {
			return nil, err
		}
	}
}

func (f Files) add(h *tar.Header, content io.Reader) error {
	name := strings.TrimPrefix(strings.TrimPrefix(h.Name, "."), "/")
	if strings.HasPrefix(h.Name, ".") && !strings.HasPrefix(h.Name, "./") {
		name = h.Name // a name that begins with a dot
	}
	switch {
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%.100q is no plain file", h.Name)
	case name == "" || path.Clean("/"+name) != "/"+name || strings.ContainsAny(name, "\\\x00"):
		return fmt.Errorf("%.100q is no name of a file in a bundle", h.Name)
	case f[name] != nil:
		return fmt.Errorf("%.100q is there twice", name)
	case len(f) == maxFiles:
		return fmt.Errorf("more than %d files", maxFiles)
	}
	text, err := io.ReadAll(content)
	f[name] = append([]byte{}, text...)
	return err
}

// Pack writes files as a bundle, sorted and without times or owners.
func Pack(f Files) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, name := range f.Names() {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(f[name])), Format: tar.FormatUSTAR}); err != nil {
			return nil, fmt.Errorf("pack a policy bundle: %w", err)
		}
		if _, err := t.Write(f[name]); err != nil {
			return nil, fmt.Errorf("pack a policy bundle: %w", err)
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return nil, err
	}
	if _, err := Read(b.Bytes()); err != nil { // what is written can be read
		return nil, fmt.Errorf("pack a policy bundle: %w", err)
	}
	return b.Bytes(), nil
}
