package ocilayout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// parts is a file of parts that may be larger than memory.
type parts []*io.SectionReader

func (p parts) size() (n int64) {
	for _, s := range p {
		n += s.Size()
	}
	return n
}

func (p parts) ReadAt(b []byte, off int64) (n int, err error) {
	for _, s := range p {
		if off >= s.Size() {
			off -= s.Size()
			continue
		}
		k, err := s.ReadAt(b[n:], off)
		if n += k; err != io.EOF {
			return n, err
		}
		off = 0
	}
	return n, io.EOF
}

func part(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

type nothing struct{}

func (nothing) ReadAt(b []byte, _ int64) (int, error) { clear(b); return len(b), nil }

func holes(n int64) *io.SectionReader { return io.NewSectionReader(nothing{}, 0, n) }

// allocated returns the bytes that f allocates, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A layer of 64 MiB, and as much that only a tar reader passes over, takes no more memory than a small one.
func TestLargeLayer(t *testing.T) {
	const size = 64 << 20
	const hash = "3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351" // head -c 64M /dev/zero | sha256sum
	l := newLayout()
	m := with(l.manifest("a"), "layers", []any{object{"mediaType": ociLayer, "digest": "sha256:" + hash, "size": size}})
	d := l.blob(ociManifest, text(m))
	l.root(indexOf(d))
	file := parts{
		part(header(member{path: blobs + hash, flag: regularFile, size: size})), holes(size),
		part(header(member{path: "other", flag: regularFile, size: size})), holes(size),
		part(entriesOf(l.all()...)), holes(size),
	}
	var got *Layout
	var err error
	n := allocated(func() { got, err = Read(file, file.size()) })
	if err != nil || len(got.Images) != 2 {
		t.Fatal(got, err)
	}
	if n > 1<<20 {
		t.Errorf("%d bytes were allocated for %d bytes of small texts", n, len(l.tar()))
	}
}

// many is a tar of n empty entries, made as it is read.
type many struct {
	n    int64
	read *int64
}

func (m many) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		i := (off + int64(n)) / block
		if i >= m.n+2 {
			return n, io.EOF
		}
		h := make([]byte, block)
		if i < m.n {
			h = header(member{path: fmt.Sprintf("empty/%d", i), flag: regularFile})
		}
		n += copy(b[n:], h[(off+int64(n))%block:])
	}
	*m.read = max(*m.read, off+int64(n))
	return n, nil
}

func TestTooManyEntries(t *testing.T) {
	for n, words := range map[int64]string{maxEntries: "no file oci-layout", maxEntries + 1: "more than 100000 entries", 200_000: "more than 100000 entries"} {
		var end int64
		_, err := Read(many{n, &end}, (n+2)*block)
		if !errors.Is(err, ErrNotLayout) || !strings.Contains(err.Error(), words) {
			t.Errorf("%d entries: %v", n, err)
		}
		if end > (maxEntries+3)*block {
			t.Errorf("%d entries: read as far as byte %d", n, end)
		}
	}
}

// chain nests n indexes in index.json, an image in the last.
func chain(n int) *layout {
	l := newLayout()
	d := l.image("a")
	for range n {
		d = l.blob(ociIndex, text(indexOf(d)))
	}
	return l.root(indexOf(d))
}

func TestNesting(t *testing.T) {
	if images := accepted(t, chain(maxNesting).tar()); len(images) != maxNesting+2 {
		t.Errorf("%d images in %d nested indexes", len(images), maxNesting)
	}
	refused(t, chain(maxNesting+1).tar(), ErrNotLayout, "nested more than 8 deep")
}

// An index that nests itself could only be made by one who breaks SHA-256.
func TestIndexThatNamesItself(t *testing.T) {
	l := newLayout()
	d := describe(ociIndex, "itself")
	l.add(member{path: blobPath("itself"), content: text(indexOf(d))})
	refused(t, l.root(indexOf(d)).tar(), ErrTampered, "hash to")
}

// Each index names the one below it a hundred times: 100⁸ ways lead to the image.
func TestManyWaysToOneImage(t *testing.T) {
	l := newLayout()
	d := l.image("a")
	for range maxNesting {
		d = l.blob(ociIndex, text(indexOf(slices.Repeat([]any{d}, 100)...)))
	}
	if images := accepted(t, l.root(indexOf(d)).tar()); len(images) != 2+8*100 {
		t.Errorf("%d images", len(images))
	}
}

func TestTooManyDescriptors(t *testing.T) {
	l := newLayout()
	d := l.image("a") // reaches its config and its layer too
	half := l.blob(ociIndex, text(indexOf(slices.Repeat([]any{d}, 5000)...)))
	most := slices.Repeat([]any{d}, maxDescriptors-5003)
	if images := accepted(t, l.root(indexOf(append(most, half)...)).tar()); len(images) != maxDescriptors-1 {
		t.Errorf("%d images", len(images))
	}
	refused(t, l.root(indexOf(append(most, d, half)...)).tar(), ErrNotLayout, "more than 10000 descriptors")
	refused(t, l.root(indexOf(slices.Repeat([]any{d}, maxDescriptors+1)...)).tar(), ErrNotLayout, "more than 10000 elements")
}

func TestTextSizes(t *testing.T) {
	pad := func(text string, size int) string { return text + strings.Repeat(" ", size-len(text)) }
	for _, size := range []int{maxText, maxText + 1} {
		l := newLayout()
		manifest := l.blob(ociManifest, pad(text(l.manifest("a")), size))
		tars := map[string][]byte{
			"manifest": l.root(indexOf(manifest)).tar(),
			"index":    whole().root(pad(whole().index, size)).tar(),
		}
		l = whole()
		l.marker = pad(marker, size)
		tars["oci-layout"] = l.tar()
		for name, tar := range tars {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				if size == maxText {
					accepted(t, tar)
				} else {
					refused(t, tar, ErrNotLayout, "more than the 4194304")
				}
			})
		}
	}
}

// TestSmallTextsOfManyElements: a text may not grow much in memory.
func TestSmallTextsOfManyElements(t *testing.T) {
	for _, element := range []string{"null", "{}", "[]", "0", `""`} {
		list := "[" + strings.Repeat(element+",", (maxText-100)/(len(element)+1)) + element + "]"
		for _, index := range []string{
			`{"schemaVersion":2,"manifests":` + list + `}`,
			`{"schemaVersion":2,"manifests":[{"urls":` + list + `}]}`,
			`{"schemaVersion":2,"manifests":[],"x":` + list + `}`,
		} {
			tar := newLayout().root(index).tar()
			n := allocated(func() { refused(t, tar, ErrNotLayout, "elements") })
			if n > 16<<20 {
				t.Errorf("%d bytes were allocated for an array of %q", n, element)
			}
		}
	}
}

// TestManyNames: an object's names are bounded by the text alone.
func TestManyNames(t *testing.T) {
	annotations := make(object)
	for i := 0; len(annotations) < 200_000; i++ {
		annotations[fmt.Sprint(i)] = ""
	}
	index, err := json.Marshal(with(indexOf(), "annotations", annotations))
	if err != nil || len(index) > maxText {
		t.Fatal(len(index), err)
	}
	tar := newLayout().root(string(index)).tar()
	if n := allocated(func() { accepted(t, tar) }); n > 256<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}
