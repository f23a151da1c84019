package audit

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Archive is a Sink into a gzipped tar: the same files give the same bytes. Put must
// not be called concurrently.
type Archive struct {
	zip *gzip.Writer
	tar *tar.Writer
}

// NewArchive writes to w, which it does not close.
func NewArchive(w io.Writer) *Archive {
	zip := gzip.NewWriter(w)
	return &Archive{zip, tar.NewWriter(zip)}
}

// Put is a Sink.
func (a *Archive) Put(name string, size int64, content io.Reader) error {
	if err := a.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444}); err != nil {
		return err
	}
	_, err := io.Copy(a.tar, content)
	return err
}

// Close ends the archive. Without it, what was written is cut short.
func (a *Archive) Close() error { return errors.Join(a.tar.Close(), a.zip.Close()) }

// maxFiles bounds the files of an archive: room for some 1e10 records.
const maxFiles = 1 << 26

// Unpack gives each file of an archive to put. It wraps ErrExport for what Archive
// does not write: anything but regular files, names that lead elsewhere (fs.ValidPath),
// an archive that is cut short or goes on. A name may come twice: put refuses that.
func Unpack(r io.Reader, put Sink) error {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return unreadable("archive", err)
	}
	files := tar.NewReader(zip)
	for n := 0; ; n++ {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case err != nil:
			return unreadable("archive", err)
		case h.Typeflag != tar.TypeReg || !fs.ValidPath(h.Name) || h.Name == "." || n == maxFiles:
			return unreadable("archive", fmt.Errorf("%.200q is no file of an export", h.Name))
		}
		if err := put(h.Name, h.Size, archived{files}); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	// The checksum at gzip's end is checked only once all of it was read.
	if n, err := io.Copy(io.Discard, zip); err != nil || n != 0 {
		return unreadable("archive", errors.Join(err, errors.New("it does not end after its files")))
	}
	return nil
}

// archived tells an archive that can't be read from a sink that can't write.
type archived struct{ r io.Reader }

func (c archived) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = unreadable("archive", err)
	}
	return n, err
}
