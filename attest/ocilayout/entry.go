package ocilayout

import (
	"archive/tar"
	"io/fs"
	"slices"
	"strings"
)

// plain returns the entry that h is, its offset aside, if every tar reader would
// give it that path and content. Its type is the caller's to judge.
func plain(h *tar.Header) (entry, error) {
	dir := h.Typeflag == tar.TypeDir
	if dir && h.Size != 0 {
		// Some readers skip a directory's content and some take it for the next entry.
		return entry{}, notLayout("tar entry %.100q is a directory of %d bytes: save the image again", h.Name, h.Size)
	}
	for key := range h.PAXRecords {
		if !harmless(key) {
			return entry{}, notLayout("tar entry %.100q has the PAX record %.100q: write the tar again in the ustar format, without sparse files", h.Name, key)
		}
	}
	if p := h.PAXRecords["path"]; p != "" && p != h.Name {
		return entry{}, notLayout("tar entry %.100q is also called %.100q: write the tar again", h.Name, p)
	}
	path, err := cleanPath(h.Name, dir)
	return entry{path: path, regular: h.Typeflag == tar.TypeReg, size: h.Size}, err
}

// harmless tells PAX records that say whose and of when a file is from those
// that could give it other content or another place in some reader, as the
// various kinds of sparse files do. One that it does not know is not harmless.
func harmless(key string) bool {
	switch key {
	case "path", "linkpath", "size": // archive/tar applies these, as POSIX asks
		return true
	case "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment",
		"LIBARCHIVE.creationtime", "RHT.security.selinux",
		"SCHILY.dev", "SCHILY.ino", "SCHILY.nlink", "SCHILY.fflags":
		return true
	}
	return slices.ContainsFunc([]string{"SCHILY.xattr.", "SCHILY.acl.", "LIBARCHIVE.xattr."}, func(vendor string) bool {
		return strings.HasPrefix(key, vendor)
	})
}

// cleanPath returns name without the "./" that `tar -C DIR -cf FILE .` puts
// before each path and without a directory's final slash. Any other spelling
// that a file system would normalise is refused, since two of them could be one file.
func cleanPath(name string, dir bool) (string, error) {
	if len(name) > maxPath {
		return "", notLayout("tar entry %.100q… has a path of %d bytes, more than %d: leave it out", name, len(name), maxPath)
	}
	path := name
	if dir {
		path = strings.TrimSuffix(path, "/")
	}
	path = strings.TrimPrefix(path, "./")
	if !fs.ValidPath(path) || strings.ContainsAny(path, "\\\x00") || path == "." && !dir {
		return "", notLayout("tar entry %q is not a plain path inside the layout: write the tar again with tar -C DIR -cf FILE .", name)
	}
	return path, nil
}
