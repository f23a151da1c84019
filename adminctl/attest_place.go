package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stellad/evidence/bundle"
	"stellad/internal/cli"
)

// A bundlePlace is a file that a bundle is to be written to, and never over another one.
type bundlePlace struct {
	name  string
	there *bundleText // what the file holds: the statement that is wanted; nil where there is no file
}

// newBundlePlace refuses a name before anything is signed for it.
func newBundlePlace(name string, want wanted) (*bundlePlace, error) {
	switch {
	case !isArchive(name) && !strings.HasSuffix(name, ".json"):
		return nil, errors.New("name a file that ends in .tar.gz, for an evidence bundle, or in .sigstore.json, for the attestation alone")
	case !isFolder(filepath.Dir(name)):
		return nil, fmt.Errorf("there is no folder %s", filepath.Dir(name))
	}
	p := &bundlePlace{name: name}
	var err error
	if p.there, err = bundleAt(name); err != nil {
		return nil, err
	}
	if p.there != nil && !want.isStatedBy(p.there) {
		return nil, errTaken
	}
	return p, nil
}

var errTaken = errors.New("it is there already, and is another attestation; nothing is overwritten")

// maxBundle bounds what is read of a file: a statement of 2 MiB, in base64, with proof and timestamp.
const maxBundle = 8 << 20

// bundleAt gives nil where there is no file.
func bundleAt(name string) (*bundleText, error) {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, plainly(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is there already, and is no file; nothing is overwritten")
	}
	text, err := attestationIn(name)
	if err != nil {
		return nil, err
	}
	b, err := readBundleText(text)
	if err != nil {
		return nil, errors.New("it is there already, and is no attestation; nothing is overwritten")
	}
	return b, nil
}

// attestationIn reads the attestation that a file is, or that an evidence bundle has; nil where that has none.
func attestationIn(name string) ([]byte, error) {
	if !isArchive(name) {
		return readFile(name, maxBundle)
	}
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text []byte
	_ = bundle.Documents(f, func(d bundle.Document, r io.Reader) (err error) { // what is none has no attestation
		text, err = io.ReadAll(io.LimitReader(r, maxBundle))
		return err
	})
	return text, nil
}

// put writes the bundle, or finds that its signature is there.
func (p *bundlePlace) put(b *bundleText, write func(name string) error) (written bool, err error) {
	switch {
	case p.there == nil:
		return true, write(p.name)
	case !p.there.same(b):
		return false, cli.BadInput(errors.New("it is there already, with another signature; nothing is overwritten"))
	}
	return false, nil
}
