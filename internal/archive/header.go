package archive

import (
	"bytes"
	"fmt"
)

const (
	block   = 512       // bytes of a header, and what a file is padded to
	maxSize = 1<<33 - 1 // what eleven octal digits say
)

// header gives the one header of a regular file. POSIX pax, "ustar Interchange Format".
func header(e Entry) [block]byte {
	var h [block]byte
	copy(h[:100], e.Name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")          // mode, uid, gid
	copy(h[124:], fmt.Sprintf("%011o\x00%011o\x00", e.Size, 0)) // size, mtime
	copy(h[148:], "        0")                                  // checksum, counted as blanks; type
	copy(h[257:], "ustar\x0000")
	copy(h[329:], "0000000\x000000000\x00") // device
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

// parse reads a header, which must be the one that its name and size have.
func parse(h *[block]byte) (Entry, error) {
	name, _, _ := bytes.Cut(h[:100], []byte{0})
	e := Entry{Name: string(name)}
	if reason := kind(h); reason != "" {
		return e, refuse(e.Name, "%s", reason)
	}
	for _, digit := range h[124:135] {
		if digit < '0' || digit > '7' {
			return e, refuse(e.Name, "a size that is not eleven octal digits")
		}
		e.Size = e.Size<<3 | int64(digit-'0')
	}
	want := header(e)
	if at := differs(h[:], want[:]); at >= 0 {
		return e, refuse(e.Name, "its header has another %s than is written for a plain file (byte %d)", field(at), at)
	}
	return e, nil
}

// kinds are the type flags that have a name. POSIX pax; GNU tar, "Extensions".
var kinds = map[byte]string{
	'1': "a hard link", '2': "a symbolic link", '3': "a character device", '4': "a block device", '5': "a folder", '6': "a FIFO",
	'7': "a contiguous file", 'x': "a PAX header", 'g': "a global PAX header", 'L': "a GNU long name", 'K': "a GNU long link",
	'S': "a GNU sparse file", 'D': "a GNU folder listing", 'M': "the rest of another volume's file", 'V': "a volume's label", 0: "a file of the old form",
}

func kind(h *[block]byte) string {
	flag := h[156]
	if flag == '0' {
		return ""
	}
	name, known := kinds[flag]
	if !known {
		name = fmt.Sprintf("of type %q", flag)
	}
	return name + "; regular files alone are read: write the archive anew with this program"
}

// differs gives the first byte that differs, or -1. The checksum comes last: it differs
// wherever something else does.
func differs(a, b []byte) int {
	checksum := -1
	for i := range a {
		switch sum := i >= 148 && i < 156; {
		case a[i] == b[i]:
		case !sum:
			return i
		case checksum < 0:
			checksum = i
		}
	}
	return checksum
}

// field names the header's field that has a byte.
func field(at int) string {
	fields := []struct {
		end  int
		name string
	}{
		{100, "name"},
		{108, "mode"},
		{116, "owner"},
		{124, "group"},
		{136, "size"},
		{148, "time"},
		{156, "checksum"},
		{157, "type"},
		{257, "link"},
		{265, "magic"},
		{329, "owner's name"},
		{345, "device"},
		{500, "prefix"},
	}
	for _, f := range fields {
		if at < f.end {
			return f.name
		}
	}
	return "padding"
}
