package trust

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// published is the one link that may leave a trust root: what an appliance
// publishes stands in its own state folder.
const published = "appliance"

// File is one file of a trust root. Name is relative, with slashes.
type File struct {
	Name  string
	Bytes []byte
}

// Load reads and validates the trust root at name: a folder, or a single
// Sigstore trusted_root JSON file of any name. Errors wrap ErrTrust.
func Load(name string) (*Trust, error) {
	files, err := Files(name)
	if err != nil {
		return nil, err
	}
	t, err := Parse(files)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrTrust, name, err)
	}
	return t, nil
}

// Files reads, of the trust root at name, the files that count, and validates
// none: for whoever carries one elsewhere. Errors wrap ErrTrust.
func Files(name string) ([]File, error) {
	files, err := collect(name)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrTrust, name, plainly(err))
	}
	return files, nil
}

// plainly drops the call and the path that an *fs.PathError repeats.
func plainly(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func collect(name string) ([]File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		w := &walk{}
		err := w.folder(name, "")
		return w.files, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := readCapped(f)
	return []File{{Name: "trusted_root.json", Bytes: text}}, err
}

// walk collects a folder's files. os.Root keeps each step inside the folder,
// whatever links are laid while it walks.
type walk struct{ files []File }

func (w *walk) folder(dir, prefix string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return w.entries(root, ".", prefix, 0)
}

func (w *walk) entries(root *os.Root, dir, prefix string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s%s: deeper than %d folders", prefix, dir, maxDepth)
	}
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return fmt.Errorf("%s%s: %w", prefix, dir, plainly(err))
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := w.entry(root, path.Join(dir, e.Name()), prefix, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(root *os.Root, name, prefix string, depth int) error {
	if name == published && prefix == "" {
		return w.appliance(root)
	}
	info, err := root.Stat(name)
	switch {
	case err != nil && isLink(root, name):
		return fmt.Errorf("%s%s: a link that leaves the trust root or leads nowhere; put the file itself there", prefix, name)
	case err != nil:
		return fmt.Errorf("%s%s: %w", prefix, name, plainly(err))
	case info.IsDir() && isLink(root, name):
		return fmt.Errorf("%s%s: a link to a folder; put the folder itself there", prefix, name)
	case info.IsDir():
		return w.entries(root, name, prefix, depth+1)
	case kindOf(name) == other:
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s%s: not a regular file", prefix, name) // a pipe would be waited for
	}
	return w.file(root, name, prefix)
}

func (w *walk) file(root *os.Root, name, prefix string) error {
	if len(w.files) == maxFiles {
		return fmt.Errorf("more than %d files", maxFiles)
	}
	f, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("%s%s: %w", prefix, name, plainly(err))
	}
	defer f.Close()
	text, err := readCapped(f)
	if err != nil {
		return fmt.Errorf("%s%s: %w", prefix, name, plainly(err))
	}
	w.files = append(w.files, File{Name: prefix + name, Bytes: text})
	return nil
}

// appliance reads the published trust: a folder, or the one link that may leave.
func (w *walk) appliance(root *os.Root) error {
	target := filepath.Join(root.Name(), published)
	if _, err := os.Stat(target); err != nil {
		return fmt.Errorf("%s: the link to the appliance's published trust leads nowhere", published)
	}
	if err := w.folder(target, published+"/"); err != nil {
		return fmt.Errorf("%s: %w", published, plainly(err))
	}
	return nil
}

func isLink(root *os.Root, name string) bool {
	info, err := root.Lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func readCapped(f *os.File) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		return nil, fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return text, err
}

// kind is what a file of a trust root is read as, by its name alone.
type kind int

const (
	other kind = iota
	trustedRoot
	publicKey
	verifierKeys
	signers
)

func kindOf(name string) kind {
	dir, base := path.Split(name)
	folders := strings.Split(dir, "/")
	switch {
	case base == "signers.toml":
		return signers
	case strings.HasPrefix(base, "trusted_root") && strings.HasSuffix(base, ".json"):
		return trustedRoot
	case slices.Contains(folders, "keys") && strings.HasSuffix(base, ".pem"):
		return publicKey
	case slices.Contains(folders, "logs") && strings.HasSuffix(base, ".vkey"):
		return verifierKeys
	}
	return other
}

func sorted(files []File) []File {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files
}
