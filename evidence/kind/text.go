package kind

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/asn1"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// tagValue is SPDX's first mark: comments and other tags may stand before it.
var tagValue = regexp.MustCompile(`(?m)^SPDXVersion:[ \t]*\S`)

func isTagValue(head []byte) bool { return tagValue.Match(head) }

// note is a checkpoint's form: origin, size, root, and behind an empty line a signature.
var note = regexp.MustCompile(`\A[^\n]+\n[0-9]{1,20}\n[A-Za-z0-9+/]{43}=\n(?:[^\n]+\n)*\n\x{2014} [^\n]+\n`)

func isNote(head []byte) bool { return note.Match(head) }

// signedData is the content type of CMS, in which a timestamp token comes.
var signedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}

// isTimestamp: a token begins with its content type, and a response with a status before it.
func isTimestamp(head []byte) bool {
	if len(head) == 0 || head[0] != 0x30 {
		return false
	}
	mark, err := asn1.Marshal(signedData)
	at := bytes.Index(head[:min(len(head), 256)], mark)
	return err == nil && at > 0
}

// spaces of CycloneDX's XML begin like this.
const cyclonedxSpace = "http://cyclonedx.org/schema/bom/"

func ofXML(b *bufio.Reader) (Kind, error) {
	d := xml.NewDecoder(io.LimitReader(b, window))
	for {
		token, err := d.RawToken()
		if err != nil {
			return "", fmt.Errorf("%w: XML without a root: %w", ErrUnknown, err)
		}
		root, is := token.(xml.StartElement)
		if !is {
			continue
		}
		for _, a := range root.Attr {
			if (a.Name.Space == "xmlns" || a.Name.Local == "xmlns") && strings.HasPrefix(a.Value, cyclonedxSpace) {
				return CycloneDX, nil
			}
		}
		return "", fmt.Errorf("%w: XML whose root is %.80q", ErrUnknown, root.Name.Local)
	}
}

// ofArchive tells by the name of the first file, which its format fixes.
func ofArchive(b *bufio.Reader) (Kind, error) {
	z, err := gzip.NewReader(b)
	if err != nil {
		return "", fmt.Errorf("%w: gzip: %w", ErrUnknown, err)
	}
	entry, err := tar.NewReader(io.LimitReader(z, window)).Next()
	if err != nil {
		return "", errors.Join(fmt.Errorf("%w: a compressed file that is no archive", ErrUnknown), err)
	}
	switch {
	case strings.HasPrefix(entry.Name, "sbom."):
		return SBOMArchive, nil
	case entry.Name == "manifest.json":
		return Evidence, nil
	}
	return "", fmt.Errorf("%w: an archive that begins with %.80q; unpack it and name the file inside", ErrUnknown, entry.Name)
}
