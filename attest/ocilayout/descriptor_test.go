package ocilayout

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
)

// refusal is a layout that is refused: build returns its tar.
type refusal struct {
	name  string
	want  error
	words string // that the message has
	build func() []byte
}

func (r refusal) run(t *testing.T) {
	t.Run(r.name, func(t *testing.T) { refused(t, r.build(), r.want, r.words) })
}

// rooted makes a layout of one image, whose descriptor in index.json is edited.
func rooted(edit func(d object) object) func() []byte {
	return func() []byte {
		l := newLayout()
		d := l.image("a")
		return l.root(indexOf(edit(d))).tar()
	}
}

// inManifest makes a layout of one image, whose manifest is edited.
func inManifest(edit func(l *layout, m object) any) func() []byte {
	return func() []byte {
		l := newLayout()
		d := l.blob(ociManifest, text(edit(l, l.manifest("a"))))
		return l.root(indexOf(d)).tar()
	}
}

func config(edit func(d object) object) func() []byte {
	return inManifest(func(_ *layout, m object) any { return with(m, "config", edit(m["config"].(object))) })
}

func layer(edit func(d object) object) func() []byte {
	return inManifest(func(_ *layout, m object) any {
		return with(m, "layers", []any{edit(m["layers"].([]any)[0].(object))})
	})
}

// nested makes a layout whose index.json has an index that has an edited image.
func nested(edit func(d object) object) func() []byte {
	return func() []byte {
		l := newLayout()
		inner := l.blob(ociIndex, text(indexOf(edit(l.image("a")))))
		return l.root(indexOf(inner)).tar()
	}
}

func set(name string, value any) func(object) object {
	return func(d object) object { return with(d, name, value) }
}

func elsewhere(d object) object { return describe(d["mediaType"].(string), "not in the file") }

// TestDescriptors makes each fault in each place where a descriptor stands.
func TestDescriptors(t *testing.T) {
	places := map[string]func(func(object) object) func() []byte{
		"index.json": rooted, "nested": nested, "config": config, "layer": layer,
	}
	hex := strings.Repeat("a", 64)
	inline := func(s string) func(object) object {
		return set("data", base64.StdEncoding.EncodeToString([]byte(s)))
	}
	faults := []struct {
		name  string
		want  error
		words string
		edit  func(object) object
	}{
		{"missing blob", ErrTampered, "missing", elsewhere},
		{"missing blob with urls", ErrTampered, "foreign layer", func(d object) object {
			return with(elsewhere(d), "urls", []string{"https://example.com/\x1b[2J"})
		}},
		{"inline data without a blob", ErrTampered, "missing", func(d object) object {
			return inline("not in the file")(elsewhere(d))
		}},
		{"size one more", ErrTampered, "states", func(d object) object { return with(d, "size", d["size"].(int)+1) }},
		{"size one less", ErrTampered, "states", func(d object) object { return with(d, "size", d["size"].(int)-1) }},
		{"size negative", ErrTampered, "states -1", set("size", -1)},
		{"size zero", ErrTampered, "states 0", set("size", 0)},
		{"no size", ErrTampered, "states 0", func(d object) object { return without(d, "size") }},
		{"size a fraction", ErrNotLayout, "size", set("size", 1.5)},
		{"size a string", ErrNotLayout, "size", set("size", "1")},
		{"size past 64 bits", ErrNotLayout, "size", set("size", 1e30)},
		{"inline data of other content", ErrTampered, "inline", inline("other")},
		{"inline data of other content, as long", ErrTampered, "inline", func(d object) object {
			return inline(strings.Repeat("x", d["size"].(int)))(d)
		}},
		{"inline data that is empty", ErrTampered, "inline", set("data", "")},
		{"inline data not base64", ErrNotLayout, "data", set("data", "?")},
		{"digest by sha512", ErrNotLayout, "sha512", set("digest", "sha512:"+hex+hex)},
		{"digest by md5", ErrNotLayout, "md5", set("digest", "md5:"+hex[:32])},
		{"digest in capitals", ErrNotLayout, "digest", set("digest", "sha256:"+strings.ToUpper(hex))},
		{"digest too short", ErrNotLayout, "digest", set("digest", "sha256:"+hex[1:])},
		{"digest with a new line", ErrNotLayout, "digest", set("digest", "sha256:"+hex[1:]+"\n")},
		{"digest of a path", ErrNotLayout, "digest", set("digest", "sha256:../../index.json")},
		{"digest too long to show", ErrNotLayout, "digest", set("digest", "sha256:"+strings.Repeat(hex, 1000))},
		{"digest null", ErrNotLayout, "digest", set("digest", nil)},
		{"no digest", ErrNotLayout, "no digest", func(d object) object { return without(d, "digest") }},
		{"digest in another case too", ErrNotLayout, "", set("Digest", "sha256:"+hex)},
		{"empty", ErrNotLayout, "", func(object) object { return object{} }},
	}
	for place, in := range places {
		for _, f := range faults {
			refusal{place + "/" + f.name, f.want, f.words, in(f.edit)}.run(t)
		}
	}
}

// TestMediaTypes: what an index lists and this package can't follow isn't passed over.
func TestMediaTypes(t *testing.T) {
	for _, mediaType := range []string{
		"", "application/xml", "application/vnd.oci.artifact.manifest.v1+json", ociConfig, ociLayer,
		"application/vnd.docker.distribution.manifest.v1+json",
		"application/vnd.docker.distribution.manifest.v1+prettyjws",
		ociManifest + "; charset=utf-8", strings.ToUpper(ociManifest), " " + ociManifest,
		strings.Repeat("x", 100_000), "application/\n\x1b[2J",
	} {
		refusal{"index.json/" + short(mediaType), ErrNotLayout, "media type", rooted(set("mediaType", mediaType))}.run(t)
		refusal{"nested/" + short(mediaType), ErrNotLayout, "media type", nested(set("mediaType", mediaType))}.run(t)
	}
	refusal{"by name", ErrNotLayout, `"application/xml"`, rooted(set("mediaType", "application/xml"))}.run(t)
}

func short(s string) string { return s[:min(len(s), 60)] }

// TestTexts: a manifest and an index are what their descriptors say, and not both.
func TestTexts(t *testing.T) {
	manifest := func(edit func(m object) any) func() []byte {
		return inManifest(func(_ *layout, m object) any { return edit(m) })
	}
	index := func(edit func(index object) any) func() []byte {
		return func() []byte {
			l := newLayout()
			d := l.image("a")
			return l.root(edit(indexOf(d))).tar()
		}
	}
	asText := func(f func(string) string) func(object) any {
		return func(o object) any { return f(text(o)) }
	}
	edits := []struct {
		name string
		edit func(object) any
	}{
		{"schemaVersion 1", func(o object) any { return with(o, "schemaVersion", 1) }},
		{"schemaVersion 3", func(o object) any { return with(o, "schemaVersion", 3) }},
		{"no schemaVersion", func(o object) any { return without(o, "schemaVersion") }},
		{"other mediaType", func(o object) any { return with(o, "mediaType", dockerList) }},
		{"unknown mediaType", func(o object) any { return with(o, "mediaType", "text/plain") }},
		{"config and manifests", func(o object) any { return with(with(o, "config", object{}), "manifests", []any{}) }},
		{"layers and manifests", func(o object) any { return with(with(o, "layers", []any{}), "manifests", []any{}) }},
		{"no layers nor manifests", func(o object) any { return without(without(o, "layers"), "manifests") }},
		{"layers and manifests null", func(o object) any { return with(with(o, "layers", nil), "manifests", nil) }},
		{"annotations not strings", func(o object) any { return with(o, "annotations", object{"a": 1}) }},
		{"subject with other inline data", func(o object) any {
			return with(o, "subject", with(describe(ociManifest, "elsewhere"), "data", "AAAA"))
		}},
		{"subject with inline data of another size", func(o object) any {
			return with(o, "subject", with(with(describe(ociManifest, "{}"), "data", "e30="), "size", 3))
		}},
		{"a name twice", asText(func(s string) string { return s[:len(s)-1] + `,"schemaVersion":2}` })},
		{"a name twice, once escaped", asText(func(s string) string { return s[:len(s)-1] + `,"schema\u0056ersion":2}` })},
		{"an annotation twice", asText(func(s string) string { return s[:len(s)-1] + `,"annotations":{"a":"b","a":"c"}}` })},
		{"an unknown name twice", asText(func(s string) string { return s[:len(s)-1] + `,"x":{"a":1,"a":1}}` })},
		{"a name in another case", func(o object) any { return with(o, "mediatype", ociConfig) }},
		{"a name with the long s", func(o object) any { return with(o, "annotationſ", object{"a": "b"}) }},
		{"layers in another case", func(o object) any { return with(o, "Layers", []any{}) }},
		{"manifests in another case", func(o object) any { return with(o, "MANIFESTS", []any{}) }},
		{"text after it", asText(func(s string) string { return s + "{}" })},
		{"cut", asText(func(s string) string { return s[:len(s)-1] })},
		{"byte order mark", asText(func(s string) string { return "\ufeff" + s })},
		{"bad UTF-8", asText(func(s string) string { return s[:len(s)-1] + ",\"x\":\"\xff\"}" })},
		{"half a surrogate pair", asText(func(s string) string { return s[:len(s)-1] + `,"x":"\ud800"}` })},
		{"UTF-16", asText(func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") })},
		{"comment", asText(func(s string) string { return "/**/" + s })},
		{"empty", func(object) any { return "" }},
		{"null", func(object) any { return "null" }},
		{"list", func(o object) any { return "[" + text(o) + "]" }},
		{"string", func(object) any { return `"\u001b[2J"` }},
		{"deep", func(object) any { return strings.Repeat(`{"a":`, 20_000) }},
	}
	for _, e := range edits {
		want := ErrNotLayout
		if strings.Contains(e.name, "inline") {
			want = ErrTampered
		}
		refusal{"manifest/" + e.name, want, blobs, manifest(e.edit)}.run(t)
		refusal{"index/" + e.name, want, "index.json", index(e.edit)}.run(t)
	}
	refusal{"config null", ErrNotLayout, "config", manifest(func(m object) any { return with(m, "config", nil) })}.run(t)
	refusal{"no config", ErrNotLayout, "config", manifest(func(m object) any { return without(m, "config") })}.run(t)
	refusal{"index.json as Docker's list", ErrNotLayout, dockerList, index(func(i object) any { return with(i, "mediaType", dockerList) })}.run(t)
	refusal{"manifest as index", ErrNotLayout, "index has manifests", rooted(set("mediaType", ociIndex))}.run(t)
	refusal{"index as manifest", ErrNotLayout, "manifest has layers", func() []byte {
		l := newLayout()
		d := l.blob(ociManifest, text(indexOf(l.image("a"))))
		return l.root(indexOf(d)).tar()
	}}.run(t)
	// Read once as a manifest, the same text is no index the second time.
	refusal{"manifest, then index", ErrNotLayout, "index has manifests", func() []byte {
		l := newLayout()
		d := l.image("a")
		return l.root(indexOf(d, with(d, "mediaType", ociIndex))).tar()
	}}.run(t)
}

func TestBlobContent(t *testing.T) {
	swap := func(which string) func() []byte {
		return func() []byte {
			l := newLayout()
			d := l.image("a")
			l.blob("", "unreferenced")
			for i, m := range l.members {
				if strings.Contains(m.content, which) {
					l.members[i].content = strings.ToUpper(m.content)
				}
			}
			return l.root(indexOf(d)).tar()
		}
	}
	for _, which := range []string{"layer of", `"os"`, "schemaVersion", "unreferenced"} {
		refusal{"other bytes in " + which, ErrTampered, "hash to", swap(which)}.run(t)
	}
	refusal{"an empty blob of another name", ErrTampered, "hash to", func() []byte {
		l := newLayout().root(indexOf())
		return l.add(member{path: blobPath("full")}).tar()
	}}.run(t)
}

// A directory has no bytes, whatever digest it is named by.
func TestDirectoryForABlob(t *testing.T) {
	l := newLayout()
	m := l.manifest("a")
	m["layers"] = []any{with(describe(ociLayer, "c"), "size", 0)}
	d := l.blob(ociManifest, text(m))
	l.add(member{path: blobPath("c") + "/", flag: directory})
	refused(t, l.root(indexOf(d)).tar(), ErrTampered, "missing")
}

// changing gives other bytes for a part of a file the second time it is read.
type changing struct {
	tar   []byte
	at    int64
	after *int
}

func (c changing) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, c.tar[off:])
	if off <= c.at && c.at < off+int64(n) {
		if *c.after--; *c.after < 0 {
			p[c.at-off] ^= 1
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestChangesWhileRead(t *testing.T) {
	l := newLayout()
	d := l.image("a")
	tar := l.root(indexOf(d)).tar()
	at := int64(strings.Index(string(tar), `"layers"`))
	after := 1
	_, err := Read(changing{tar, at, &after}, int64(len(tar)))
	if !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "changed") {
		t.Error(err)
	}
}
