package ocilayout

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// TestFlips changes each byte of layouts, most in several ways. What is still accepted
// has the digests of the images that it had, and index.json's as its bytes now are.
func TestFlips(t *testing.T) {
	tagged := newLayout()
	amd := tagged.image("amd")
	arm := tagged.blob(dockerImage, text(with(tagged.manifest("arm"), "mediaType", dockerImage)))
	inner := tagged.blob(ociIndex, text(indexOf(platform(amd, "linux", "amd64"), arm)))
	tagged.blob("", "unreferenced")
	tagged.root(with(indexOf(ref(inner, "v1"), ref(amd, "amd")), "annotations", object{"a": "b"}))
	extended := []member{pax("path", "oci-layout", "mtime", "1.5"), {path: "x", content: marker}}
	for name, tar := range map[string][]byte{
		"ustar": tagged.tar(),
		"pax":   tarOf(append(extended, whole().all()[1:]...)...),
		"short": whole().tar(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := digests(accepted(t, tar))
			tar := slices.Clone(tar)
			for at := range tar {
				flips := []byte{0x01, 0x04, 0x20, 0x80, 0xff}
				if tar[at] == 0 { // most are padding
					flips = flips[:1]
				}
				for _, flip := range flips {
					tar[at] ^= flip
					checkFlip(t, tar, want, at, flip)
					tar[at] ^= flip
				}
			}
		})
	}
}

func digests(images []Image) (all []string) {
	for _, i := range images {
		all = append(all, i.Digest)
	}
	return all
}

func checkFlip(t *testing.T, tar []byte, want []string, at int, flip byte) {
	l, err := read(tar)
	if err != nil {
		if !errors.Is(err, ErrNotLayout) && !errors.Is(err, ErrTampered) {
			t.Errorf("byte %d ^ %#x: %v", at, flip, err)
		}
		return
	}
	got := digests(l.Images)
	if index := digest(indexIn(tar)); got[0] != index || !slices.Equal(got[1:], want[1:]) {
		t.Errorf("byte %d ^ %#x: got %v, want %s and %v", at, flip, got, index, want[1:])
	}
}

// indexIn returns the bytes of index.json. The layouts here have it under a plain
// header, whose bytes can't change without the checksum's failing.
func indexIn(tar []byte) string {
	at := bytes.Index(tar, []byte("index.json\x00"))
	size := 0
	for _, c := range tar[at+124 : at+135] {
		size = size*8 + int(c-'0')
	}
	return string(tar[at+block : at+block+size])
}

// TestFlipsInBlobs: in the bytes of a blob, every flip is told from damage to the tar.
func TestFlipsInBlobs(t *testing.T) {
	l := whole()
	tar := l.tar()
	for _, m := range l.members {
		start := bytes.Index(tar, []byte(m.content+"\x00"))
		for at := start; at < start+len(m.content); at++ {
			for bit := range 8 {
				tar[at] ^= 1 << bit
				refused(t, tar, ErrTampered, "hash to")
				tar[at] ^= 1 << bit
			}
		}
	}
}
