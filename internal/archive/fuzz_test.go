package archive_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"

	"stellad/internal/archive"
)

// FuzzRead reads tars, so that the fuzzer need not find a gzip's checksum: what is read
// is written to the same tar again, and all else is refused as an archive's fault.
func FuzzRead(f *testing.F) {
	f.Add(unzip(f, write(f, some...)))
	f.Add(unzip(f, write(f)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		files, err := read(stored(raw))
		if err != nil {
			if !errors.Is(err, archive.ErrArchive) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(unzip(t, write(t, files...)), raw) {
			t.Error("what was read is written otherwise")
		}
	})
}

// stored is a gzip member of uncompressed blocks, quickly made. RFC 1951 §3.2.4.
func stored(raw []byte) []byte {
	text := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	for rest := raw; ; {
		n := min(len(rest), 65535)
		final := byte(0)
		if n == len(rest) {
			final = 1
		}
		text = binary.LittleEndian.AppendUint16(append(text, final), uint16(n))
		text = append(binary.LittleEndian.AppendUint16(text, ^uint16(n)), rest[:n]...)
		if rest = rest[n:]; final == 1 {
			break
		}
	}
	text = binary.LittleEndian.AppendUint32(text, crc32.ChecksumIEEE(raw))
	return binary.LittleEndian.AppendUint32(text, uint32(len(raw)))
}

// FuzzGzip reads any bytes.
func FuzzGzip(f *testing.F) {
	f.Add(write(f, some...))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := read(text); err != nil && !errors.Is(err, archive.ErrArchive) {
			t.Fatal(err)
		}
	})
}
