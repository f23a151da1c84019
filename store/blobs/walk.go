package blobs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A Finding is what Walk found under a name.
type Finding struct {
	Path   string // below the folder
	Digest Digest
	Size   int64 // bytes
	Err    error // ErrDamaged, also for a file that is no blob; nil for a blob that is proved
}

// Walk reads all blobs, in order, and calls visit with each. An error of visit ends it and is returned.
func (d *Dir) Walk(visit func(Finding) error) error {
	for i := range 256 {
		folder := fmt.Sprintf("sha256/%02x", i)
		entries, err := os.ReadDir(filepath.Join(d.path, folder))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := visit(d.prove(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// prove reads one file.
func (d *Dir) prove(folder, name string) Finding {
	f := Finding{Path: folder + "/" + name}
	digest, err := parseHex(name)
	if err != nil || digest.path() != f.Path {
		f.Err = fmt.Errorf("%w: %q is no blob's name in this place", ErrDamaged, f.Path)
		return f
	}
	f.Digest = digest
	r, err := d.Get(digest)
	if err != nil {
		f.Err = err
		return f
	}
	defer r.Close()
	f.Size, f.Err = io.Copy(io.Discard, r)
	return f
}
