package ocilayout

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"io"
	"strings"
)

const block = 512 // a tar file consists of blocks (POSIX pax, "ustar Interchange Format")

// archive is a tar file after one pass over it. Its entries have distinct paths,
// and each regular file under blobs/ is a sha256 blob that hashes to its name.
type archive struct {
	r       io.ReaderAt
	size    int64
	end     int64            // where the last entry ends, padding included
	entries map[string]entry // by path in lower case: on many laptops' disks those are one

	// irregular refuses the first link or device. It waits for the whole tar to be
	// known, as a docker-archive is full of links and has a better answer.
	irregular error
}

// entry is where a regular file's bytes stand in the tar. Anything else has none.
type entry struct {
	path         string
	regular      bool
	offset, size int64
}

// scan reads the tar once, hashing blobs as it meets them.
func scan(r io.ReaderAt, size int64) (*archive, error) {
	a := &archive{r: source{r}, size: size, entries: make(map[string]entry)}
	if err := a.refuseGzip(); err != nil {
		return nil, err
	}
	// tar.Reader reads no further than the entry it returns, so that the
	// section's position is then the offset of the entry's content.
	section := io.NewSectionReader(a.r, 0, size)
	entries := tar.NewReader(section)
	for {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, a.tarError(err)
		}
		offset, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if err := a.add(h, offset); err != nil {
			return nil, err
		}
	}
}

func (a *archive) refuseGzip() error {
	magic := make([]byte, 2)
	if _, err := io.ReadFull(io.NewSectionReader(a.r, 0, a.size), magic); errors.As(err, new(*readError)) {
		return err
	}
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return notLayout("the file is compressed by gzip: decompress it first (gunzip)")
	}
	return nil
}

// add takes the entry whose content begins at offset.
func (a *archive) add(h *tar.Header, offset int64) error {
	if len(a.entries) == maxEntries {
		return notLayout("the tar has more than %d entries: save one image a file", maxEntries)
	}
	e, err := plain(h)
	if err != nil {
		return err
	}
	key := strings.ToLower(e.path)
	if _, twice := a.entries[key]; twice {
		return notLayout("tar entry %q is there twice: save the image again into a new file", e.path)
	}
	e.offset = offset
	a.entries[key] = e
	if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
		a.irregular = cmp.Or(a.irregular, notLayout("tar entry %q is of type %q, neither file nor directory: save the image again", e.path, h.Typeflag))
		return nil
	}
	if e.size > a.size-offset {
		return a.truncated()
	}
	a.end = offset + (e.size+block-1)/block*block
	return a.checkBlob(e)
}

// regular returns the file at path, exactly so spelt.
func (a *archive) regular(path string) (entry, bool) {
	e, ok := a.entries[path]
	return e, ok && e.path == path && e.regular
}

// content reads a regular file whole, if it is small enough for a JSON text.
func (a *archive) content(e entry) ([]byte, error) {
	if e.size > maxText {
		return nil, notLayout("%s has %d bytes, more than the %d that are read as JSON: check the image's source", e.path, e.size, maxText)
	}
	text := make([]byte, e.size)
	if _, err := io.ReadFull(io.NewSectionReader(a.r, e.offset, e.size), text); err != nil {
		return nil, a.tarError(err)
	}
	return text, nil
}
