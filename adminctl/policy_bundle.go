package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stellad/policy/bundle"
)

// readBundle reads a policy bundle, or makes one of a folder.
func readBundle(name string, withTests bool) ([]byte, error) {
	if !isFolder(name) {
		text, err := readFile(name, bundle.MaxSize)
		if err != nil {
			return nil, err
		}
		if _, err := bundle.Read(text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return text, nil
	}
	files, err := policyFolder(name, withTests)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainly(err))
	}
	text, err := bundle.Pack(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// policyFolder reads what belongs to a bundle of a folder: Rego, data and a manifest. Other files are left alone.
func policyFolder(dir string, withTests bool) (bundle.Files, error) {
	files := bundle.Files{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && strings.HasPrefix(e.Name(), ".") && e.Name() != bundle.Manifest:
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !e.Type().IsRegular() || !belongs(e.Name(), withTests):
			return nil
		}
		inside, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(inside)], err = os.ReadFile(path)
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no file of a policy in this folder: .rego, data.json, data.yaml, %s", bundle.Manifest)
	}
	return files, err
}

func belongs(name string, withTests bool) bool {
	switch name {
	case bundle.Manifest, "data.json", "data.yaml", "data.yml":
		return true
	}
	return strings.HasSuffix(name, ".rego") && (withTests || !strings.HasSuffix(name, "_test.rego"))
}
