package audit

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
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

// Unpack gives each file of an archive to put. It takes what Archive writes, and the same folder packed by another tar:
// with names that begin with "./", entries for folders, zeros at the end. It wraps ErrExport for what else there is
// beside regular files, names that lead elsewhere (fs.ValidPath), an archive that is cut short or goes on. A name may
// come twice: put refuses that.
func Unpack(r io.Reader, put Sink) error {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return unreadable("archive", err)
	}
	files := tar.NewReader(zip)
	for n := 0; ; n++ {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return onlyZeros(zip)
		}
		if err != nil {
			return unreadable("archive", err)
		}
		name := strings.TrimPrefix(h.Name, "./")
		folder := h.Typeflag == tar.TypeDir && (name == "" || fs.ValidPath(strings.TrimSuffix(name, "/")))
		switch {
		case n == maxFiles || !folder && (h.Typeflag != tar.TypeReg || !fs.ValidPath(name) || name == "."):
			return unreadable("archive", fmt.Errorf("%.200q is no file of an export", h.Name))
		case folder:
			continue
		}
		if err := put(name, h.Size, archived{files}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// maxPadding bounds the zeros behind an archive: tar fills its last block, of 10 KiB unless told.
const maxPadding = 1 << 20

// onlyZeros reads what is behind the files. The checksum at gzip's end is checked only once all of it was read.
func onlyZeros(r io.Reader) error {
	rest, err := io.ReadAll(io.LimitReader(r, maxPadding+1))
	if err != nil {
		return unreadable("archive", err)
	}
	if len(rest) > maxPadding || len(bytes.TrimLeft(rest, "\x00")) > 0 {
		return unreadable("archive", errors.New("it does not end after its files"))
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
