package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"stellad/attest/strictjson"
)

// Document is one signed document of a file: a Sigstore bundle or a bare DSSE
// envelope, of which nothing is believed yet.
type Document struct {
	Form   string // "Sigstore bundle v0.3", "DSSE envelope"
	Line   int    // where it starts in a file of several, from 1; 0 if it is alone
	Text   []byte // its bytes
	Digest string // their SHA-256, in hex

	version  string              // a bundle's: "v0.1", "v0.2", "v0.3"
	bundle   *protobundle.Bundle // or
	envelope *envelope
}

// Parse reads a file of one document, or of several in JSON lines. Duplicate
// keys, text that is not UTF-8, unknown fields and unknown media types are
// errors; all errors wrap ErrNotBundle and name the line.
func Parse(text []byte) ([]*Document, error) {
	values, err := strictjson.Values(text, strictjson.Limits{Values: maxDocuments, Tokens: maxTokens})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotBundle, err)
	}
	docs := make([]*Document, 0, len(values))
	for _, v := range values {
		doc, err := parseOne(v.Text)
		switch {
		case err != nil && len(values) > 1:
			return nil, fmt.Errorf("%w: the document at line %d: %w", ErrNotBundle, v.Line, err)
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrNotBundle, err)
		case len(values) > 1:
			doc.Line = v.Line
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// parseOne tells by its members what a JSON object is.
func parseOne(text []byte) (*Document, error) {
	members, err := strictjson.Names(text)
	if err != nil {
		return nil, err
	}
	has := func(name string) bool { return slices.Contains(members, name) }
	sum := sha256.Sum256(text)
	doc := &Document{Text: text, Digest: hex.EncodeToString(sum[:])}
	switch {
	case has("mediaType"):
		return doc, doc.parseBundle(text)
	case has("payload") && has("signatures"):
		return doc, doc.parseEnvelope(text)
	case has("dsseEnvelope"), has("messageSignature"), has("verificationMaterial"):
		return nil, errors.New(`a bundle without "mediaType"`)
	case has("_type"):
		return nil, errors.New("an in-toto statement that nobody signed")
	case has("base64Signature"):
		return nil, errors.New("a bundle of cosign's old form; convert it with 'cosign bundle create'")
	}
	return nil, errors.New("neither a Sigstore bundle nor a DSSE envelope")
}

// versions are the media types of bundles, and nothing but these.
var versions = map[string]string{
	"application/vnd.dev.sigstore.bundle+json;version=0.1": "v0.1",
	"application/vnd.dev.sigstore.bundle+json;version=0.2": "v0.2",
	"application/vnd.dev.sigstore.bundle+json;version=0.3": "v0.3",
	"application/vnd.dev.sigstore.bundle.v0.1+json":        "v0.1",
	"application/vnd.dev.sigstore.bundle.v0.2+json":        "v0.2",
	"application/vnd.dev.sigstore.bundle.v0.3+json":        "v0.3",
}

func (d *Document) parseBundle(text []byte) error {
	d.bundle = &protobundle.Bundle{}
	if err := (protojson.UnmarshalOptions{RecursionLimit: 32}).Unmarshal(text, d.bundle); err != nil {
		return fmt.Errorf("not a Sigstore bundle: %s", plainProto(err))
	}
	version, known := versions[d.bundle.GetMediaType()]
	if !known {
		return fmt.Errorf("media type %q is not one of Sigstore bundle 0.1 to 0.3", d.bundle.GetMediaType())
	}
	d.version, d.Form = version, "Sigstore bundle "+version
	if d.bundle.GetContent() == nil {
		return errors.New("a bundle with neither an envelope nor a message signature")
	}
	return nil
}

// LogEntries gives a bundle's log entries as they stand there, unverified.
func (d *Document) LogEntries() []*protorekor.TransparencyLogEntry {
	return d.bundle.GetVerificationMaterial().GetTlogEntries()
}

// Envelope gives a bundle's DSSE envelope as it stands there, unverified; nil where it
// has none, and for a bare envelope.
func (d *Document) Envelope() *protodsse.Envelope { return d.bundle.GetDsseEnvelope() }

// Timestamps gives a bundle's RFC 3161 timestamps as they stand there, unverified, in DER.
func (d *Document) Timestamps() [][]byte {
	var stamps [][]byte
	for _, s := range d.bundle.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps() {
		stamps = append(stamps, s.GetSignedTimestamp())
	}
	return stamps
}

// plainProto drops the library's prefix, with its space that varies so that
// nobody may rely on it, and the value that it quotes whole.
func plainProto(err error) string {
	reason := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
	if len(reason) > 160 {
		reason = strings.ToValidUTF8(reason[:160], "") + "…"
	}
	return reason
}
