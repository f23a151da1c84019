package document_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"stellad/internal/vectors"
	"stellad/sbom/document"
)

// xmllint judges files by a version's schema: whether each is taken.
func xmllint(t *testing.T, version string, files []string) map[string]bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "xmllint", append([]string{"--nonet", "--noout", "--schema", "../schemas/bom-" + version + ".SNAPSHOT.xsd"}, files...)...)
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	taken := map[string]bool{}
	for _, file := range files {
		taken[file] = bytes.Contains(out, []byte(file+" validates\n"))
	}
	return taken
}

var versionOf = regexp.MustCompile(`http://cyclonedx\.org/schema/bom/(1\.[456])"`)

// xmlDocuments are this package's and the published ones, by their text.
func xmlDocuments(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join("..", "..", "..", "shared", "vectors", "sbom")); err == nil || os.Getenv(vectors.Env) != "" {
		more, err := filepath.Glob(filepath.Join(vectors.Dir(t, "sbom"), "files", "*.xml"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, more...)
	}
	documents := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if versionOf.Match(text) && !bytes.Contains(text, []byte("<!DOCTYPE")) {
			documents[filepath.Base(path)] = string(text)
		}
	}
	return documents
}

// Each document, and each of many mutations of it, is taken if xmllint takes it
// by the same schema, and refused if it refuses it.
func TestXMLLint(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("no xmllint: packaging/deps installs it")
	}
	documents := xmlDocuments(t)
	var names []string
	for name := range documents {
		names = append(names, name)
	}
	slices.Sort(names)
	taken, refused := 0, 0
	for seed, name := range names {
		a, b := compareMutations(t, name, documents[name], uint64(seed))
		taken, refused = taken+a, refused+b
	}
	t.Logf("xmllint takes %d and refuses %d of them", taken, refused)
}

func compareMutations(t *testing.T, name, whole string, seed uint64) (taken, refused int) {
	t.Helper()
	const mutations = 60
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(seed, 4))
	texts := map[string]string{}
	var files []string
	for i := range mutations {
		text := whole
		if i > 0 {
			text = mutateXML(r, whole)
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		texts[file] = text
		files = append(files, file)
	}
	verdicts := xmllint(t, versionOf.FindStringSubmatch(whole)[1], files)
	for _, file := range files {
		_, err := document.Read(strings.NewReader(texts[file]))
		if (err == nil) != verdicts[file] && !knownDifference(err) {
			t.Errorf("%s, mutated to %s: xmllint takes it: %v; here: %v", name, difference(whole, texts[file]), verdicts[file], err)
		}
		if verdicts[file] {
			taken++
		} else {
			refused++
		}
	}
	return taken, refused
}

// knownDifference tells what xmllint takes and is refused here: XML 1.1 and what
// is no version; the encoding "UTF8", which is no name of it; prefixes that are not declared, of which it complains and goes
// on; and hashes of a length that their pattern does not have, of which libxml2
// 2.9 takes some.
func knownDifference(err error) bool {
	if err == nil {
		return false
	}
	what := err.Error()
	return strings.Contains(what, "unsupported version") || strings.Contains(what, "another encoding") || strings.Contains(what, "is not declared") ||
		strings.Contains(what, "/hash[") && strings.Contains(what, "does not match the pattern")
}

// difference shows where a text differs from another.
func difference(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return fmt.Sprintf("%q", b[max(0, at-40):min(len(b), at+80)])
}

var (
	anElement   = regexp.MustCompile(`<([A-Za-z:]+)( [^<>]*)?>[^<>]*</[A-Za-z:]+>`)
	anAttribute = regexp.MustCompile(` [A-Za-z-]+="[^"]*"`)
	aTagName    = regexp.MustCompile(`</?[A-Za-z]+`)
	aText       = regexp.MustCompile(`>[^<>]+<`)
)

// odd are values that types differ on.
var odd = []string{
	"", " ", "x", "1", "-1", "0", "1.5", "+1", "1e3", " 1 ", "0.5 ", "true", "TRUE", "2020-01-01T00:00:00Z", "2020-02-30T00:00:00Z", "2020-01-01T24:00:00Z",
	"2020-01-01T00:00:00", "2020-01-01T00:00:00+14:00", "2020-01-01T00:00:00+14:01", "2020-01-01T00:00:00.5Z", "0000-01-01T00:00:00Z", "02020-01-01T00:00:00Z",
	"-2020-01-01T00:00:00Z", "2020-01-01", "http://a/b c", "http://a/%zz", "a b", "a:b", "1a:b", "//[::1]/x", "http://[::1", "http://a:x/", "#a#b", "?a?b", "a[b]",
	"http://ü/", "urn:x:{y}", "\\x", "http://a b/", "https://example.com/?q=a|b", "a\tb", " a ", "library", "MIT", "apache-2.0", "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1",
	"urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x", "urn:cdx:F08a6ccd-4dce-4759-bd84-c626675d60a7/1", "en", "en-US", "text/plain", "base64", "SHA-256",
	"cpe:2.3:a:acme:application:9.1.1:*:*:*:*:*:*:*", "cpe:/a:acme", "pkg:a/b@c", "&#x41;", "<![CDATA[x]]>", "%41", "::", "mailto:a@b", "http://a@b@c/", "http:///x", "-",
}

func mutateXML(r *rand.Rand, text string) string {
	pick := func(re *regexp.Regexp) (string, int, int) {
		all := re.FindAllStringIndex(text, -1)
		if len(all) == 0 {
			return "", 0, 0
		}
		one := all[r.IntN(len(all))]
		return text[one[0]:one[1]], one[0], one[1]
	}
	cut := func(from, to int, with string) string { return text[:from] + with + text[to:] }
	value := odd[r.IntN(len(odd))]
	switch r.IntN(9) {
	case 0: // an element less
		_, from, to := pick(anElement)
		return cut(from, to, "")
	case 1: // one twice
		element, from, to := pick(anElement)
		return cut(from, to, element+element)
	case 2: // one elsewhere
		element, _, _ := pick(anElement)
		_, _, at := pick(anElement)
		return cut(at, at, element)
	case 3:
		_, from, to := pick(anAttribute)
		return cut(from, to, "")
	case 4:
		attribute, from, to := pick(anAttribute)
		name, _, _ := strings.Cut(attribute, "=")
		return cut(from, to, name+`="`+strings.ReplaceAll(value, "<", "&lt;")+`"`)
	case 5, 6:
		_, from, to := pick(aText)
		return cut(from, to, ">"+value+"<")
	case 7: // an attribute elsewhere
		attribute, _, _ := pick(anAttribute)
		_, _, at := pick(aTagName)
		return cut(at, at, attribute)
	}
	at := r.IntN(len(text)) // a byte less
	return cut(at, at+1, "")
}
