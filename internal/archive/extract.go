package archive

import (
	"fmt"
	"io"
	"os"
	"path"
)

// Extract writes an archive's files into a folder, 0644 in folders of 0755 as the
// umask leaves them, and follows no link that it finds there. What is there already
// is never written over. After an error some files may be there: whoever wants all or
// nothing extracts into a new folder and renames that. Errors are those of Read.
func Extract(r io.Reader, limits Limits, into *os.Root) error {
	return Read(r, limits, func(e Entry, content io.Reader) error { return Put(into, e, content) })
}

// Put writes one file as Extract does.
func Put(into *os.Root, e Entry, content io.Reader) error {
	if err := CheckName(e.Name); err != nil {
		return err
	}
	if dir := path.Dir(e.Name); dir != "." {
		if err := into.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("extract %s: %w", e.Name, err)
		}
	}
	f, err := into.OpenFile(e.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("extract %s: %w", e.Name, err)
	}
	_, err = io.Copy(f, content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("extract %s: %w", e.Name, err)
	}
	return nil
}
