// Package sbom makes and verifies signed SBOM archives: one .tar.gz that shows which
// SBOM was made of which artifact, with what, and who says so since when, to whoever
// has the key and nothing else.
//
// The layout is flat, its files in this order, and no other file is there:
//
//	sbom.cdx.json, sbom.cdx.xml, sbom.spdx.json or sbom.spdx   the SBOM's own bytes
//	metadata.json            what made it: Metadata
//	VERIFY.md, verify.sh     how to check it, by words and by script
//	manifest.json            SHA-256 and size of the files above (sealed.Manifest)
//	statement.json           the in-toto statement that names all of it
//	statement.pae, .sig      what was signed of it, and the signature
//	timestamp.tsr            the RFC 3161 token over the signature
//	statement.sigstore.json  the Sigstore bundle of the four, with the log's proof
//
// The bundle is what is verified. What stands beside it is for stock tools, and is held
// to the bundle. docs/modules/scanner/signed-sbom-archive-spec.md is the specification.
package sbom

import (
	_ "embed"
	"errors"
	"io"

	"stellad/attest/sealed"
	"stellad/internal/archive"
	"stellad/sbom/document"
)

// PredicateType is that of the statement which an archive is signed by.
const PredicateType = "tag:stella,2026:sbom-archive/v1"

// The reasons to refuse.
var (
	ErrMetadata = errors.New("not an SBOM archive's metadata")
	ErrDraft    = errors.New("not an SBOM archive that can be made")
	ErrVerify   = errors.New("not a signed SBOM archive") // within a report
)

// Limits of an archive. The SBOM may have 1 GiB.
var limits = archive.Limits{Files: 10, File: 1 << 30, Total: 1<<30 + 64<<20, Ratio: 200}

// maxSmall bounds each file but the SBOM, in bytes: a bundle of a statement at its own
// limit has less.
const maxSmall = 4 << 20

// Names of the files, in their order after the SBOM.
const (
	metadataName  = "metadata.json"
	guideName     = "VERIFY.md"
	scriptName    = "verify.sh"
	manifestName  = "manifest.json"
	statementName = "statement.json"
	paeName       = "statement.pae"
	signatureName = "statement.sig"
	tokenName     = "timestamp.tsr"
	bundleName    = "statement.sigstore.json"
)

var layout = []string{metadataName, guideName, scriptName, manifestName, statementName, paeName, signatureName, tokenName, bundleName}

// Described is what a reader of SBOMs found in one.
type Described struct {
	Format   string   // "CycloneDX" or "SPDX"
	Version  string   // of the format: "1.6", "2.3"
	Encoding string   // "json", "xml" or "tag-value"
	Tools    []string // that made it, as it says

	Document *document.Document // where ReadDocument read it
}

// Reader reads an SBOM to its end and refuses one that is not valid. It is handed the
// SBOM as a stream, and once.
type Reader func(io.Reader) (*Described, error)

// names of the SBOM's file, by format and encoding.
var names = map[[2]string]string{
	{"CycloneDX", "json"}: "sbom.cdx.json", {"CycloneDX", "xml"}: "sbom.cdx.xml", {"SPDX", "json"}: "sbom.spdx.json", {"SPDX", "tag-value"}: "sbom.spdx",
}

func isSBOM(name string) bool {
	for _, known := range names {
		if name == known {
			return true
		}
	}
	return false
}

var (
	//go:embed head.sh
	scriptHead string
	//go:embed own.sh
	scriptOwn string
)

// Script gives the verify.sh that is in every archive, to the byte: what an auditor
// compares the one at hand with.
func Script() []byte { return sealed.Script(scriptHead, scriptOwn) }
