package ocilayout

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"unicode"
)

const (
	ociManifest  = "application/vnd.oci.image.manifest.v1+json"
	ociIndex     = "application/vnd.oci.image.index.v1+json"
	ociConfig    = "application/vnd.oci.image.config.v1+json"
	ociLayer     = "application/vnd.oci.image.layer.v1.tar"
	dockerImage  = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList   = "application/vnd.docker.distribution.manifest.list.v2+json"
	marker       = `{"imageLayoutVersion":"1.0.0"}`
	regularFile  = '0'
	symbolicLink = '2'
	directory    = '5'
)

// object is a JSON object in the making: an index, a manifest or a descriptor.
type object = map[string]any

// member is one entry of a tar. Its header is written here byte by byte, since
// archive/tar would not write the headers that are to be refused.
type member struct {
	path    string
	flag    byte
	content string
	size    int64 // where it is not the content's length
}

// layout is an image layout in the making.
type layout struct {
	marker  string
	index   string
	members []member
}

func newLayout() *layout { return &layout{marker: marker} }

// blob adds a blob and returns its descriptor.
func (l *layout) blob(mediaType, content string) object {
	d := describe(mediaType, content)
	path := blobPath(content)
	for _, m := range l.members {
		if m.path == path {
			return d
		}
	}
	l.members = append(l.members, member{path: path, content: content})
	return d
}

func describe(mediaType, content string) object {
	return object{"mediaType": mediaType, "digest": digest(content), "size": len(content)}
}

func digest(content string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content))) }

func blobPath(content string) string {
	return fmt.Sprintf("blobs/sha256/%x", sha256.Sum256([]byte(content)))
}

// text returns v as JSON, or v itself if it is a text already.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// manifest returns a manifest whose config and layer, made of seed, the layout has.
func (l *layout) manifest(seed string) object {
	return object{
		"schemaVersion": 2,
		"config":        l.blob(ociConfig, `{"os":"`+seed+`"}`),
		"layers":        []any{l.blob(ociLayer, "layer of "+seed)},
	}
}

// image adds an image and returns its manifest's descriptor.
func (l *layout) image(seed string) object { return l.blob(ociManifest, text(l.manifest(seed))) }

func indexOf(manifests ...any) object {
	return object{"schemaVersion": 2, "manifests": append([]any{}, manifests...)}
}

// with returns a copy of o in which name is value.
func with(o object, name string, value any) object {
	o = maps.Clone(o)
	o[name] = value
	return o
}

func without(o object, name string) object {
	o = maps.Clone(o)
	delete(o, name)
	return o
}

// root gives the layout its index.json.
func (l *layout) root(index any) *layout {
	l.index = text(index)
	return l
}

// add adds a tar entry after the blobs.
func (l *layout) add(m member) *layout {
	l.members = append(l.members, m)
	return l
}

func (l *layout) all() []member {
	return append([]member{
		{path: "oci-layout", content: l.marker},
		{path: "index.json", content: l.index},
	}, l.members...)
}

func (l *layout) tar() []byte { return tarOf(l.all()...) }

// tarOf returns a tar of the members with the two blocks that end it.
func tarOf(members ...member) []byte {
	return append(entriesOf(members...), make([]byte, 2*block)...)
}

func entriesOf(members ...member) []byte {
	var b bytes.Buffer
	for _, m := range members {
		if m.flag == 0 {
			m.flag = regularFile
		}
		if m.size == 0 {
			m.size = int64(len(m.content))
		}
		b.Write(header(m))
		b.WriteString(m.content)
		b.Write(make([]byte, (block-len(m.content)%block)%block))
	}
	return b.Bytes()
}

// header returns a ustar header; a size that twelve octal digits can't say is
// written in base 256, as GNU tar does.
func header(m member) []byte {
	h := make([]byte, block)
	copy(h[0:100], m.path)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	if size := fmt.Sprintf("%011o\x00", m.size); m.size >= 0 && len(size) == 12 {
		copy(h[124:], size)
	} else {
		for i := range 8 {
			h[135-i] = byte(m.size >> (8 * i))
		}
		h[124] = 0x80
		if m.size < 0 {
			copy(h[124:128], "\xff\xff\xff\xff")
		}
	}
	copy(h[136:], "00000000000\x00")
	h[156] = m.flag
	copy(h[257:], "ustar\x0000")
	seal(h)
	return h
}

// seal gives a header its checksum.
func seal(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h[:block] {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

// pax returns an extended header with the records key, value, key, value, …
func pax(records ...string) member {
	var b strings.Builder
	for i := 0; i < len(records); i += 2 {
		rest := " " + records[i] + "=" + records[i+1] + "\n"
		n := len(rest) + 1
		for len(fmt.Sprint(n))+len(rest) != n {
			n++
		}
		fmt.Fprint(&b, n, rest)
	}
	return member{path: "PaxHeaders/x", flag: 'x', content: b.String()}
}

func read(tar []byte) (*Layout, error) { return Read(bytes.NewReader(tar), int64(len(tar))) }

// refused asserts that the tar is refused as want, in one short line that says each of words.
func refused(t *testing.T, tar []byte, want error, words ...string) {
	t.Helper()
	l, err := read(tar)
	if !errors.Is(err, want) || l != nil {
		t.Fatalf("Read: %v, %v; want %v", l, err, want)
	}
	checkMessage(t, err)
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the message %q does not say %q", err, w)
		}
	}
}

func checkMessage(t *testing.T, err error) {
	t.Helper()
	notPrintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if s := err.Error(); len(s) > 1000 || strings.ContainsFunc(s, notPrintable) {
		t.Errorf("the message is not one short line: %q", s)
	}
}

func accepted(t *testing.T, tar []byte) []Image {
	t.Helper()
	l, err := read(tar)
	if err != nil {
		t.Fatal(err)
	}
	return l.Images
}
