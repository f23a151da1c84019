// Package bundle makes and verifies evidence bundles: one .tar.gz of all evidence of some artifacts, which shows to whoever
// has the appliance's key and nothing else that it is whole and unchanged, and what of it verifies.
//
// Its files, in this order, and no others:
//
//	manifest.json             SHA-256, size and kind of each file below, and the Merkle root over them (sealed.Manifest)
//	manifest.statement.json   the in-toto statement that names the manifest
//	manifest.pae, .sig, .tsr  what was signed of it, the signature, the RFC 3161 token over that
//	manifest.sigstore.json    the Sigstore bundle of the four, with the log's proof
//	VERIFY.md                 how to check it by words; then the others that the manifest names, in its order:
//	about/policy.json         which policy was in force
//	about/verdicts.json       what each document is, and how it verified when the bundle was made
//	checkpoints/…             of the appliance's logs
//	evidence/SHA256.KIND      a document's own bytes
//	evidence/SHA256/…         of a Sigstore bundle: what is in it, each by itself, for stock tools
//	trust/…                   what was believed when it was made: for information, never trust
//	verify.sh                 how to check it, by script
//
// A document is verified by itself, under the reader's trust; what the bundle says of it is not asked. It is read in one
// pass, and never whole. docs/formats/evidence-bundle.md is the specification.
package bundle

import (
	"cmp"
	_ "embed"
	"errors"
	"io"
	"strings"

	"stellad/attest"
	"stellad/attest/sealed"
	"stellad/evidence/kind"
	"stellad/internal/archive"
)

// PredicateType is that of the statement which names the manifest.
const PredicateType = "tag:stella,2026:evidence-manifest/v1"

// The reasons to refuse.
var (
	// ErrDraft: no bundle can be made of it.
	ErrDraft = errors.New("not an evidence bundle that can be made")
	// ErrBundle: it is not an evidence bundle, or not a whole one.
	ErrBundle = errors.New("not an evidence bundle")
)

// limits: a document may have 1 GiB, and each of 10,000 attestations ten files.
var limits = archive.Limits{Files: 100_000, File: 1 << 30, Total: 64 << 30, Ratio: 200}

// maxAttestation bounds a document that is read into memory, in bytes, and whatever is made of one.
const maxAttestation = 16 << 20

// heads are the files before those of the manifest, in their order.
var heads = []string{"manifest.json", "manifest.statement.json", "manifest.pae", "manifest.sig", "manifest.tsr", "manifest.sigstore.json"}

const (
	guideName    = "VERIFY.md"
	scriptName   = "verify.sh"
	policyName   = "about/policy.json"
	verdictsName = "about/verdicts.json"
)

// A Document is a piece of evidence.
type Document struct {
	SHA256    string    `json:"sha256"` // lower-case hex
	Kind      kind.Kind `json:"kind"`
	Verdict   string    `json:"verdict"`             // of whoever made the bundle: "verified", "refused", "none"
	Trust     string    `json:"trust,omitempty"`     // SHA-256 of the trust root that it stands on
	Artifacts []string  `json:"artifacts,omitempty"` // that somebody said it is about: no part of it says so

	Size int64                         `json:"-"` // bytes
	Open func() (io.ReadCloser, error) `json:"-"`
}

func (doc Document) name() string { return evidenceDir + doc.SHA256 + "." + string(doc.Kind) }

const evidenceDir = "evidence/"

// ofName takes a document's name apart. Of is "" for what stands beside it.
func ofName(name string) (sha256 string, of kind.Kind, ok bool) {
	rest, ok := strings.CutPrefix(name, evidenceDir)
	if !ok || len(rest) < 66 {
		return "", "", false
	}
	if rest[64] == '.' {
		of = kind.Kind(rest[65:])
	}
	return rest[:64], of, of != "" || rest[64] == '/'
}

// Input is what a bundle is made of.
type Input struct {
	Artifacts   []attest.Subject  // that it is about: those of which the SHA-256 is known
	Documents   []Document        // each once
	Checkpoints map[string][]byte // by their logs' names
	Trust       map[string][]byte // by the names that files have in a trust root
	Policy      []byte            // JSON; which policy is in force
}

// predicate is what the statement says of the manifest. The last member is what verify.sh looks for at the end.
type predicate struct {
	Count    int      `json:"count"` // of files in the manifest
	Root     string   `json:"root"`  // of the Merkle tree over them, in hex
	Manifest digested `json:"manifest"`
}

type digested struct {
	SHA256 string `json:"sha256"`
}

var (
	//go:embed head.sh
	scriptHead string
	//go:embed own.sh
	scriptOwn string
)

// Script gives the verify.sh that is in every bundle, to the byte: what an auditor compares the one at hand with.
func Script() []byte { return sealed.Script(scriptHead, scriptOwn) }

func byName(a, b sealed.File) int { return cmp.Compare(a.Name, b.Name) }
