package document

// Format is a specification.
type Format string

// The specifications.
const (
	CycloneDX Format = "CycloneDX"
	SPDX      Format = "SPDX"
)

// Encoding is a form of a specification.
type Encoding string

// The forms.
const (
	JSON     Encoding = "JSON"
	XML      Encoding = "XML"
	TagValue Encoding = "tag-value"
)

// Caps of the lists of a Document; what is beyond them is counted alone, or for
// tools and subjects left out.
const (
	MaxSignatures = 1000
	MaxSubjects   = 100
	MaxTools      = 100
)

// Document is what a valid SBOM says of itself. Texts are the document's own
// and may hold anything that it may; an empty one is not stated.
type Document struct {
	Format    Format
	Version   string // 1.4, 1.5, 1.6 or 2.3
	Encoding  Encoding
	MediaType string // as the specification registered it

	// Name is SPDX's document name, or the name of the component that a CycloneDX
	// document is about.
	Name    string
	ID      string // CycloneDX's serialNumber (urn:uuid:…), SPDX's document namespace
	Created string // as stated: a date and time of ISO 8601
	Tools   []Tool // that made it; at most MaxTools

	// Components counts CycloneDX's components, those within others too, but not
	// the one that the document is about; or SPDX's packages.
	Components int
	// Subjects are what the document is about: CycloneDX's metadata.component,
	// what SPDX's document DESCRIBES. At most MaxSubjects.
	Subjects []Subject

	// Signatures are those that stand in the document: none is verified here. At
	// most MaxSignatures; SignatureCount counts all.
	Signatures     []Signature
	SignatureCount int
}

// Tool is a program that made the document.
type Tool struct{ Name, Version string }

// Subject is a component, a package or a file. SPDX's have their identifier,
// and no more where the document describes what it does not have itself, or has
// packages beyond some 8 MiB of names before it says which it describes.
type Subject struct {
	ID      string // CycloneDX's bom-ref, the SPDX identifier
	Name    string
	Version string
	PURL    string
	Hashes  []Hash
}

// Hash is a digest as stated: algorithms have the specification's names, and
// values are hexadecimal.
type Hash struct{ Algorithm, Value string }

// SignatureKind is the form of a signature.
type SignatureKind string

// The forms of signatures.
const (
	JSF     SignatureKind = "JSF"      // JSON Signature Format 0.82
	XMLDSig SignatureKind = "XML-DSig" // XML Signature
)

// Signature is one that stands in the document. Nothing of it is verified, and
// a key that it brings along is no trust in it.
type Signature struct {
	Kind SignatureKind
	// Where it stands: a JSON pointer, or the elements of XML from the root on,
	// each with its place among those of its name: /bom[1]/components[1]/….
	Where        string
	Algorithm    string // as stated: ES256, or XML-DSig's URI
	KeyID        string // JSF's keyId, XML-DSig's first KeyName; mostly not stated
	EmbeddedKey  bool   // it brings its public key along
	Certificates bool   // it brings certificates along
}
