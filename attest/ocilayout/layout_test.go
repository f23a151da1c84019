package ocilayout

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ref(d object, name string) object {
	return with(d, "annotations", object{refName: name})
}

func platform(d object, os, arch string) object {
	return with(d, "platform", object{"os": os, "architecture": arch})
}

// self is what Read says of index.json.
func self(l *layout) Image {
	return Image{Digest: digest(l.index), Kind: "index", MediaType: ociIndex, Name: "index.json"}
}

// imageOf is what Read says of a descriptor, its name and platform aside.
func imageOf(d object) Image {
	kind := "manifest"
	if t := d["mediaType"]; t == ociIndex || t == dockerList {
		kind = "index"
	}
	return Image{Digest: d["digest"].(string), Kind: kind, MediaType: d["mediaType"].(string)}
}

func (i Image) named(name string) Image { i.Name = name; return i }
func (i Image) on(p string) Image       { i.Platform = p; return i }

func check(t *testing.T, l *layout, want ...Image) {
	t.Helper()
	want = append([]Image{self(l)}, want...)
	if diff := cmp.Diff(want, accepted(t, l.tar())); diff != "" {
		t.Error(diff)
	}
}

func TestSingleImage(t *testing.T) {
	l := newLayout()
	d := l.image("a")
	check(t, l.root(indexOf(ref(d, "v1"))), imageOf(d).named("v1"))
}

func TestNoImages(t *testing.T) {
	check(t, newLayout().root(indexOf()))
}

func TestTwoTagsOfOneImage(t *testing.T) {
	l := newLayout()
	d := l.image("a")
	check(t, l.root(indexOf(ref(d, "v1"), ref(d, "latest"))), imageOf(d).named("v1"), imageOf(d).named("latest"))
}

func TestMultiArch(t *testing.T) {
	l := newLayout()
	amd, arm := l.image("amd"), l.image("arm")
	arm = with(arm, "platform", object{"os": "linux", "architecture": "arm", "variant": "v7"})
	// A name counts in index.json alone, so that the inner one says nothing.
	nested := l.blob(ociIndex, text(indexOf(ref(platform(amd, "linux", "amd64"), "inner"), arm)))
	l.root(indexOf(ref(nested, "v1"), platform(amd, "linux", "amd64"), ref(nested, "v2")))
	check(t, l,
		imageOf(nested).named("v1"),
		imageOf(amd).on("linux/amd64"),
		imageOf(arm).on("linux/arm/v7"),
		imageOf(amd).on("linux/amd64"),
		imageOf(nested).named("v2"))
}

func TestDockerMediaTypes(t *testing.T) {
	l := newLayout()
	d := l.blob(dockerImage, text(with(l.manifest("a"), "mediaType", dockerImage)))
	list := l.blob(dockerList, text(with(indexOf(d), "mediaType", dockerList)))
	check(t, l.root(with(indexOf(list), "mediaType", ociIndex)), imageOf(list), imageOf(d))
}

// An artifact is a manifest whose config is empty (manifest.md, Guidelines for
// Artifact Usage), often with a subject that is elsewhere.
func TestArtifact(t *testing.T) {
	l := newLayout()
	config := with(l.blob("application/vnd.oci.empty.v1+json", "{}"), "data", "e30=")
	d := l.blob(ociManifest, text(object{
		"schemaVersion": 2,
		"mediaType":     ociManifest,
		"artifactType":  "application/vnd.example+type",
		"config":        config,
		"layers":        []any{config},
		"subject":       describe(ociManifest, "elsewhere"),
		"x-unknown":     object{"a": []any{1.5, nil}},
	}))
	check(t, l.root(indexOf(with(d, "artifactType", "application/vnd.example+type"))), imageOf(d))
}

func TestForeignLayerWithItsBlob(t *testing.T) {
	l := newLayout()
	m := l.manifest("a")
	foreign := l.blob("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "foreign")
	m["layers"] = []any{with(foreign, "urls", []string{"https://example.com/layer"})}
	d := l.blob(ociManifest, text(m))
	check(t, l.root(indexOf(d)), imageOf(d))
}

func TestInlineManifest(t *testing.T) {
	l := newLayout()
	m := text(l.manifest("a"))
	d := l.blob(ociManifest, m)
	check(t, l.root(indexOf(with(d, "data", base64.StdEncoding.EncodeToString([]byte(m))))), imageOf(d))
}

func TestUnreferencedAndUnknownFiles(t *testing.T) {
	l := newLayout()
	d := l.image("a")
	l.blob("", "nobody names this")
	l.blob("", "")
	l.add(member{path: "manifest.json", content: "[]"})
	l.add(member{path: "ingest/", flag: directory})
	check(t, l.root(indexOf(d)), imageOf(d))
}

// TestSpellings reads the same members as various tar programs write them.
func TestSpellings(t *testing.T) {
	l := newLayout()
	d := l.image("a")
	l.root(indexOf(d))
	dirs := []member{{path: "blobs/", flag: directory}, {path: "blobs/sha256/", flag: directory}}
	var dotted, extended, long []member
	for _, m := range append(dirs, l.all()...) {
		dotted = append(dotted, member{path: "./" + m.path, flag: m.flag, content: m.content})
		extended = append(extended, pax("path", m.path, "mtime", "1.5", "SCHILY.xattr.user.a", "b"), member{path: "short", flag: m.flag, content: m.content})
		long = append(long, member{path: "././@LongLink", flag: 'L', content: m.path + "\x00"}, member{path: "cut", flag: m.flag, content: m.content})
	}
	reversed := l.all()
	slices.Reverse(reversed)
	for name, tar := range map[string][]byte{
		"dot":        tarOf(append([]member{{path: "./", flag: directory}}, dotted...)...),
		"reversed":   tarOf(reversed...),
		"pax":        tarOf(extended...),
		"gnu":        tarOf(long...),
		"old":        oldFlags(l.tar()),
		"padded end": append(l.tar(), make([]byte, 20*block)...),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]Image{self(l), imageOf(d)}, accepted(t, tar)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// oldFlags writes files' type as tars did before POSIX.
func oldFlags(tar []byte) []byte {
	for h := range slices.Chunk(tar, block) {
		if string(h[257:262]) == "ustar" && h[156] == regularFile {
			h[156] = 0
			seal(h)
		}
	}
	return tar
}

// TestRealTools reads layouts that skopeo and crane wrote (testdata/README.md).
func TestRealTools(t *testing.T) {
	lists, err := filepath.Glob("testdata/*.digests")
	if err != nil || len(lists) == 0 {
		t.Fatal("no digests in testdata", err)
	}
	for _, list := range lists {
		want, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		tar, err := os.ReadFile(strings.TrimSuffix(list, ".digests") + ".tar")
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, i := range accepted(t, tar) {
			got.WriteString(strings.TrimSpace(strings.Join([]string{i.Digest, i.Kind, i.Name, i.Platform}, " ")) + "\n")
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s: %s", list, diff)
		}
	}
}
