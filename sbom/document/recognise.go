package document

import (
	"bytes"
	"regexp"
	"strings"
)

// sniffed is how much of a document's start is looked at.
const sniffed = 4096

// magics are what files start with that are brought for SBOMs.
var magics = []struct{ start, what string }{
	{"PK\x03\x04", "a ZIP file (SPDX in XLSX, say)"},
	{"\x1f\x8b", "a gzip file"},
	{"\x28\xb5\x2f\xfd", "a Zstandard file"},
	{"\xff\xfe", "a document in UTF-16"},
	{"\xfe\xff", "a document in UTF-16"},
	{"{\x00", "a document in UTF-16"},
	{"\x00{", "a document in UTF-16"},
	{"<\x00", "a document in UTF-16"},
	{"\x00<", "a document in UTF-16"},
}

var (
	tagLine  = regexp.MustCompile(`\A[A-Za-z]+:`)
	tagSPDX  = regexp.MustCompile(`(?m)^(SPDXVersion|DataLicense|DocumentName|DocumentNamespace|Creator|Created):`)
	yamlSPDX = regexp.MustCompile(`(?m)^["']?(spdxVersion|SPDXID|documentNamespace)["']?[ \t]*:([ \t]|\r?$)`)
	yamlCDX  = regexp.MustCompile(`(?m)^["']?(bomFormat|specVersion)["']?[ \t]*:([ \t]|\r?$)`)
)

// recognise names the form of a document by its first bytes.
func recognise(head []byte) (Encoding, error) {
	for _, magic := range magics {
		if bytes.HasPrefix(head, []byte(magic.start)) {
			return "", wrongForm(magic.what)
		}
	}
	text, marked := bytes.CutPrefix(head, []byte("\xef\xbb\xbf"))
	text = bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(text) == 0 && len(head) < sniffed:
		return "", wrongForm("an empty document")
	case len(text) > 0 && text[0] == '<':
		return XML, nil
	case marked:
		return "", wrongForm("a document with a byte order mark that is not XML")
	case len(text) > 0 && text[0] == '{':
		return JSON, nil
	case yamlSPDX.Match(text) && !isTagValue(text):
		return "", wrongForm("SPDX in YAML")
	case yamlCDX.Match(text):
		return "", wrongForm("CycloneDX in YAML")
	case isTagValue(text):
		return TagValue, nil
	}
	return "", wrongForm("what is no SBOM by its first bytes")
}

// isTagValue looks at the first line that is no comment, and for a tag of a
// document's creation; SPDXID alone is YAML's, too.
func isTagValue(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		return tagLine.MatchString(line) && tagSPDX.Match(text)
	}
	return false
}
