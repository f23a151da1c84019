package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"stellad/attest/trust"
	"stellad/internal/cli"
)

// putTrust puts files that everybody may read.
func putTrust(folder *exportFolder, files []trust.File) error {
	for _, f := range files {
		if err := folder.put(f.Name, int64(len(f.Bytes)), bytes.NewReader(f.Bytes)); err != nil {
			return err
		}
	}
	return folder.share()
}

// A trustPlace is a folder of a trust root that another trust root is to be copied to.
type trustPlace struct {
	root, name string
	before     []trust.File // of the whole trust root
}

// newTrustPlace reads the trust root as it is.
func newTrustPlace(root, name string) (*trustPlace, error) {
	if !isFolder(root) {
		return nil, fmt.Errorf("trust root %s: there is no such folder", root)
	}
	before, err := trust.Files(root)
	if err != nil {
		return nil, fmt.Errorf("%w; mend it first", err)
	}
	return &trustPlace{root, name, before}, nil
}

func (p *trustPlace) folder() string { return filepath.Join(p.root, p.name) }

// holds tells whether the place has the files already.
func (p *trustPlace) holds(files []trust.File) bool {
	var there []trust.File
	for _, f := range p.before {
		if name, below := strings.CutPrefix(f.Name, p.name+"/"); below {
			there = append(there, trust.File{Name: name, Bytes: f.Bytes})
		}
	}
	if len(there) != len(files) {
		return false
	}
	for _, f := range files {
		if !slices.ContainsFunc(there, func(g trust.File) bool { return f.Name == g.Name && bytes.Equal(f.Bytes, g.Bytes) }) {
			return false
		}
	}
	return true
}

// with gives the trust root as it will be with the files in the place.
func (p *trustPlace) with(files []trust.File) (*trust.Trust, error) {
	all := slices.Clone(p.before)
	for _, f := range files {
		all = append(all, trust.File{Name: p.name + "/" + f.Name, Bytes: f.Bytes})
	}
	t, err := trust.Parse(all)
	if err == nil {
		return t, nil
	}
	if _, before := trust.Parse(p.before); len(p.before) > 0 && before != nil {
		return nil, fmt.Errorf("trust root %s is refused as it is: %w; mend it first", p.root, before)
	}
	return nil, fmt.Errorf("with it the trust root %s would be refused: %w", p.root, err)
}

// settle reads the whole trust root again, and takes the place away where it is refused: it may be too large now, or too
// deep, or somebody else changed it.
func (p *trustPlace) settle() (*trust.Trust, error) {
	now, err := trust.Load(p.root)
	if err == nil {
		return now, nil
	}
	return nil, cli.BadInput(errors.Join(fmt.Errorf("nothing was imported: %w", err), p.undo()))
}

// undo takes the place away at once, under a name that no trust root counts, and then removes it.
func (p *trustPlace) undo() error {
	away, err := os.MkdirTemp(p.root, "."+p.name+".*")
	if err != nil {
		return err
	}
	if err := os.Rename(p.folder(), filepath.Join(away, p.name)); err != nil {
		return errors.Join(err, os.Remove(away))
	}
	return os.RemoveAll(away)
}

var (
	partName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	// reserved are names that mean something in a trust root.
	reserved = map[string]string{
		"appliance": "the appliance's own trust stands there",
		"keys":      "every *.pem below it would be a key that signs",
		"logs":      "every *.vkey below it would be a log's key",
	}
)

// checkPartName refuses what can't be the name of a part of a trust root.
func checkPartName(name string) error {
	if reason, is := reserved[strings.ToLower(name)]; is {
		return fmt.Errorf("%s: no name for a part of a trust root: %s; --as gives another", name, reason)
	}
	if !partName.MatchString(name) {
		return fmt.Errorf("%q: no name for a part of a trust root: 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit; --as gives one", name)
	}
	return nil
}
