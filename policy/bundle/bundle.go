// Package bundle reads and writes policy bundles: .tar.gz files in OPA's format.
//
// What a bundle says is not looked into here, nor who signed it (package signature): only that it is an archive of plain
// files, each once, below a folder, and nothing besides that another reader could see. What `opa build` writes is read; what is written here is the same to the byte for the
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
	MaxSize     = 4 << 20  // bytes, packed
	maxTotal    = 32 << 20 // bytes of all files
	maxUnpacked = 34 << 20 // bytes of the archive: the files, and what is around them
	maxFiles    = 1000
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
	archive, err := unpack(text)
	if err != nil {
		return nil, err
	}
	rest := bytes.NewReader(archive)
	t := tar.NewReader(rest)
	files, total := Files{}, int64(0)
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return files, ended(archive, rest)
		case err != nil:
			return nil, err
		case h.Typeflag == tar.TypeDir:
			continue
		}
		if total += h.Size; h.Size > maxTotal || total > maxTotal { // a sparse file is longer than what is there of it
			return nil, fmt.Errorf("more than %d bytes of files", maxTotal)
		}
		if err := files.add(h, t); err != nil {
			return nil, err
		}
	}
}

// unpack gives the archive in one member of gzip, whose checksum holds and after which nothing comes: of what follows one
// reader would take notice, and another not.
func unpack(text []byte) ([]byte, error) {
	packed := bytes.NewReader(text)
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	archive, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	switch {
	case err != nil:
		return nil, err
	case len(archive) > maxUnpacked:
		return nil, fmt.Errorf("more than %d bytes, unpacked", maxUnpacked)
	case packed.Len() > 0:
		return nil, fmt.Errorf("%d bytes after its end", packed.Len())
	}
	return archive, nil
}

// ended holds an archive to its end: two blocks of zeros, and nothing but zeros after them.
func ended(archive []byte, rest *bytes.Reader) error {
	const end = 2 * 512
	if len(archive) < end || len(bytes.Trim(archive[len(archive)-end:], "\x00")) > 0 {
		return errors.New("it has no end: the archive is cut short")
	}
	if len(bytes.Trim(archive[len(archive)-rest.Len():], "\x00")) > 0 {
		return errors.New("something follows the archive's end")
	}
	return nil
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
	case path.Base(name) == Signatures && name != Signatures: // OPA takes any of them for the bundle's
		return fmt.Errorf("%.100q: signatures stand at the root", name)
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
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(f[name]))}); err != nil {
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
