// Package archive reads and writes .tar.gz files that have one form: the same
// files in the same order are the same tar, to the byte, and nothing else is read.
//
// What is carried on a stick is unpacked by tools that differ in what they make of
// links, of sparse files, of a name that is there twice, of bytes after the end. So
// each header is held to the one that [Writer] would write for its name and size,
// and whatever one tool may read another way than the next is refused by name.
//
//	gzip     RFC 1952: one member; no name, time, comment or extra field; OS 255
//	tar      POSIX ustar: regular files alone, 0644, no owner, no time; two zero blocks; the end
//	names    at most 100 bytes of ASCII letters, digits and ._+@=,- between slashes
//
// It is read in one pass, and never whole.
package archive

import (
	"errors"
	"fmt"
)

// ErrArchive is wrapped by every reason for which bytes are not an archive of this
// form, or files can't be put into one.
var ErrArchive = errors.New("not an archive of the one form that is read")

// Limits bound what an archive can ask of its reader. None may be zero.
type Limits struct {
	Files int   // in the archive
	File  int64 // bytes of one file
	Total int64 // bytes of all files
	Ratio int64 // bytes that one compressed byte may become, beyond the first 16 MiB of them
}

// slack is how much may come of however few bytes: so little harms nobody, and a
// text that says the same thing often is no bomb.
const slack = 16 << 20

// Entry is a file of an archive.
type Entry struct {
	Name string // with slashes; of the form that CheckName asks for
	Size int64  // in bytes
}

// counted keeps count of the files against the limits, and of their names.
type counted struct {
	limits Limits
	files  int
	total  int64
	names  names
}

// take admits the next file, before a byte of it is read.
func (c *counted) take(e Entry) error {
	if c.files++; c.files > c.limits.Files {
		return refuse(e.Name, "more than %d files", c.limits.Files)
	}
	if err := c.names.take(e.Name); err != nil {
		return err
	}
	if e.Size < 0 || e.Size > c.limits.File {
		return refuse(e.Name, "%d bytes, more than the %d that one file may have", e.Size, c.limits.File)
	}
	if c.total += e.Size; c.total > c.limits.Total {
		return refuse(e.Name, "with it the files have more than %d bytes", c.limits.Total)
	}
	return nil
}

// refuse names the entry at which an archive is refused.
func refuse(name, format string, args ...any) error {
	return fmt.Errorf("%w: entry %.120q: %s", ErrArchive, name, fmt.Sprintf(format, args...))
}
