package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestEntriesRefused: what is in an archive that may not be there.
func TestEntriesRefused(t *testing.T) {
	link := func(kind byte) entry {
		return entry{Header: tar.Header{Typeflag: kind, Name: "link", Linkname: "stella/p.rego"}}
	}
	for why, c := range map[string]struct {
		entries []entry
		says    string
	}{
		"a symbolic link":      {[]entry{link(tar.TypeSymlink)}, "no plain file"},
		"a hard link":          {[]entry{link(tar.TypeLink)}, "no plain file"},
		"a fifo":               {[]entry{link(tar.TypeFifo)}, "no plain file"},
		"a device":             {[]entry{link(tar.TypeChar)}, "no plain file"},
		"headers for all":      {[]entry{{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "x"}}}}, "no plain file"},
		"two slashes":          {[]entry{plain("//etc/passwd", "")}, "no name of a file"},
		"above":                {[]entry{plain("../x", "")}, "no name of a file"},
		"above, from here":     {[]entry{plain("./../x", "")}, "no name of a file"},
		"above, from the root": {[]entry{plain("/../x", "")}, "no name of a file"},
		"above, within":        {[]entry{plain("a/../x", "")}, "no name of a file"},
		"above, at the end":    {[]entry{plain("a/..", "")}, "no name of a file"},
		"two dots":             {[]entry{plain("..", "")}, "no name of a file"},
		"a dot":                {[]entry{plain(".", "")}, "no name of a file"},
		"a dot within":         {[]entry{plain("a/./x", "")}, "no name of a file"},
		"a backslash":          {[]entry{plain(`..\x`, "")}, "no name of a file"},
		"twice":                {[]entry{plain("a", "1"), plain("a", "2")}, "twice"},
		"twice, and the same":  {[]entry{plain("a", ""), plain("a", "")}, "twice"},
		"twice, with a slash":  {[]entry{plain("a", "1"), plain("/a", "2")}, "twice"},
		"twice, with a dot":    {[]entry{plain(".manifest", "1"), plain("./.manifest", "2")}, "twice"},
		"other signatures":     {[]entry{plain("a/.signatures.json", "1")}, "at the root"},
	} {
		f, err := Read(zip(t, archive(t, append([]entry{plain("p.rego", "package stella")}, c.entries...)...)))
		if !errors.Is(err, ErrBundle) || !strings.Contains(err.Error(), c.says) || f != nil {
			t.Errorf("%s: %v %v", why, f, err)
		}
	}
}

// TestFramesRefused: what is around an archive, or is missing there.
func TestFramesRefused(t *testing.T) {
	raw := archive(t, small...)
	whole := zip(t, raw)
	other := zip(t, archive(t, plain("other.rego", "package other")))
	zeros := make([]byte, 1024)
	sum := slices.Clone(whole)
	sum[len(sum)-8]++ // of the CRC-32
	for why, c := range map[string]struct {
		text []byte
		says string
	}{
		"nothing":                       {nil, "EOF"},
		"no gzip":                       {raw, "gzip"},
		"an empty gzip":                 {zip(t, nil), "no end"},
		"no archive":                    {zip(t, []byte(strings.Repeat("x", 2048))), "tar"},
		"an archive of an odd length":   {zip(t, []byte("abc")), "EOF"},
		"garbage after it":              {append(slices.Clone(whole), "garbage"...), "after its end"},
		"a zero after it":               {append(slices.Clone(whole), 0), "after its end"},
		"another bundle after it":       {append(slices.Clone(whole), other...), "after its end"},
		"an empty member after it":      {append(slices.Clone(whole), zip(t, nil)...), "after its end"},
		"the archive in two members":    {append(zip(t, raw[:512]), zip(t, raw[512:])...), "after its end"},
		"another archive in it":         {zip(t, append(slices.Clone(raw), archive(t, plain("other.rego", ""))...)), "something follows"},
		"garbage after the end, in it":  {zip(t, slices.Concat(raw, []byte("garbage"), zeros)), "something follows"},
		"and without a block after it":  {zip(t, append(slices.Clone(raw), "garbage"...)), "no end"},
		"no end":                        {zip(t, raw[:len(raw)-1024]), "no end"},
		"half an end":                   {zip(t, raw[:len(raw)-512]), "no end"},
		"one block of zeros amidst":     {zip(t, slices.Concat(raw[:1024], zeros[:512], raw[1024:])), ""},
		"another checksum":              {sum, "checksum"},
		"a checksum of tar that is not": {zip(t, bytes.Replace(raw, []byte("data.json"), []byte("date.json"), 1)), "tar"},
	} {
		if f, err := Read(c.text); !errors.Is(err, ErrBundle) || !strings.Contains(err.Error(), c.says) || f != nil {
			t.Errorf("%s: %v %v", why, f, err)
		}
	}
	for n := range whole {
		if f, err := Read(whole[:n]); !errors.Is(err, ErrBundle) || f != nil {
			t.Fatalf("cut short to %d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// many makes n empty files.
func many(n int) (all []entry) {
	for i := range n {
		all = append(all, plain(fmt.Sprint("f", i), ""))
	}
	return all
}

// sparse is a file of n bytes that are all holes, in a few hundred bytes of archive (PAX, GNU's format 0.1).
func sparse(t testing.TB, n string) []byte {
	e := plain("hole", "")
	e.PAXRecords = map[string]string{"XXX.sparse.major": "0", "XXX.sparse.minor": "1", "XXX.sparse.size": n, "XXX.sparse.numblocks": "1", "XXX.sparse.map": n + ",0"}
	return bytes.ReplaceAll(archive(t, e), []byte("XXX.sparse"), []byte("GNU.sparse"))
}

// TestLimits: a bundle at a limit is read, and one beyond it is refused before it takes memory.
func TestLimits(t *testing.T) {
	if f, err := Read(zip(t, archive(t, many(maxFiles)...))); err != nil || len(f) != maxFiles {
		t.Errorf("%d files: %v", len(f), err)
	}
	full := strings.Repeat("\x00", maxTotal/2)
	if _, err := Read(zip(t, archive(t, plain("a", full), plain("b", full)))); err != nil {
		t.Error(err)
	}
	if f, err := Read(zip(t, sparse(t, "1024"))); err != nil || len(f["hole"]) != 1024 {
		t.Errorf("the sparse file is none: %v", err)
	}
	for why, c := range map[string]struct {
		text []byte
		says string
	}{
		"packed":                {make([]byte, MaxSize+1), "more than 4194304"},
		"files":                 {zip(t, archive(t, many(maxFiles+1)...)), "more than 1000 files"},
		"bytes of files":        {zip(t, archive(t, plain("a", full), plain("b", full), plain("c", "x"))), "bytes of files"},
		"bytes of the archive":  {zip(t, make([]byte, 64<<20)), "unpacked"},
		"a file of holes":       {zip(t, sparse(t, "1099511627776")), "bytes of files"},
		"a length beyond int64": {zip(t, sparse(t, "9223372036854775807")), "bytes of files"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := Read(c.text)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrBundle) || !strings.Contains(err.Error(), c.says) || f != nil {
			t.Errorf("%s: %v", why, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 12*maxTotal {
			t.Errorf("%s: took %d MiB", why, took>>20)
		}
	}
}

// FuzzRead: what is read is within the limits, and comes back from a bundle of its own.
func FuzzRead(f *testing.F) {
	raw := archive(f, small...)
	f.Add(zip(f, raw))
	f.Add(zip(f, sparse(f, "1024")))
	f.Fuzz(func(t *testing.T, text []byte) {
		// Mutations of compressed bytes rarely go beyond the checksum: the archive is tried as well.
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
		_, err := z.Write(text)
		must(t, errors.Join(err, z.Close()))
		for _, text := range [][]byte{text, b.Bytes()} {
			files, err := Read(text)
			if err != nil {
				if !errors.Is(err, ErrBundle) || files != nil {
					t.Fatal(err)
				}
				continue
			}
			holds(t, files)
		}
	})
}

func holds(t *testing.T, files Files) {
	total := 0
	for name, text := range files {
		total += len(text)
		if name == "" || name[0] == '/' || slices.Contains(strings.Split(name, "/"), "..") {
			t.Fatalf("%q", name)
		}
	}
	if len(files) > maxFiles || total > maxTotal {
		t.Fatalf("%d files, %d bytes", len(files), total)
	}
	packed, err := Pack(files)
	if err != nil {
		return // such as a name that tar can't write
	}
	if again, err := Read(packed); err != nil || len(again) != len(files) {
		t.Fatal(err)
	}
}
