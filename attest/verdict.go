package attest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Verdict is what verification found. Only where Verified is true does
// Established hold; in a refusal it is what had held before the first reason.
type Verdict struct {
	Verified bool   `json:"verified"`
	Reason   string `json:"reason,omitempty"` // a refusal's first reason, in one line

	Document    DocumentRef `json:"document"`
	Trust       TrustRef    `json:"trust"`
	Established Established `json:"established"`

	// NotEstablished says what a reader might take for granted and may not.
	NotEstablished []string `json:"notEstablished"`

	// NotAuthenticated names the document's fields that are no part of any
	// proof: whoever held the file could have changed them.
	NotAuthenticated []string `json:"notAuthenticated"`

	Links []Link `json:"links"` // the signature chain, link by link
}

// DocumentRef names the document that was judged.
type DocumentRef struct {
	Form   string `json:"form"`
	SHA256 string `json:"sha256"` // of its bytes, in hex
	Line   int    `json:"line,omitempty"`
}

// TrustRef names what was believed.
type TrustRef struct {
	SHA256     string `json:"sha256,omitempty"` // of the whole trust root; "" where there is none
	Root       string `json:"root,omitempty"`
	RootSHA256 string `json:"rootSha256,omitempty"`
}

// Established is what a verified document proves.
type Established struct {
	Signer        *SignerRef `json:"signer,omitempty"`
	Signatures    int        `json:"signatures"` // distinct keys
	PredicateType string     `json:"predicateType,omitempty"`
	Subjects      []Subject  `json:"subjects,omitempty"`
	Artifact      *Match     `json:"artifact,omitempty"`
	Logs          []LogRef   `json:"logs,omitempty"`
	Times         []TimeRef  `json:"times,omitempty"`
}

// SignerRef is who signed: an identity that an issuer vouched for, or a key.
type SignerRef struct {
	Name        string   `json:"name,omitempty"` // as signers.toml calls it
	Identity    string   `json:"identity,omitempty"`
	Issuer      string   `json:"issuer,omitempty"`
	Certificate string   `json:"certificateSha256,omitempty"`
	Keys        []KeyRef `json:"keys,omitempty"`
}

// KeyRef is a public key.
type KeyRef struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of its SubjectPublicKeyInfo, in hex
}

// Subject is what a statement speaks of.
type Subject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

// String gives the subject's name and its digests, in the order of their names.
func (s Subject) String() string {
	words := []string{}
	if s.Name != "" {
		words = append(words, s.Name)
	}
	for _, algorithm := range slices.Sorted(maps.Keys(s.Digest)) {
		words = append(words, algorithm+":"+s.Digest[algorithm])
	}
	return strings.Join(words, " ")
}

// Match is the artifact at hand and the digest by which it was found signed.
type Match struct {
	Name      string `json:"name,omitempty"`
	Kind      string `json:"kind"` // "file", "digest given", "image manifest", "image index"
	Algorithm string `json:"algorithm"`
	Digest    string `json:"digest"`
}

// LogRef is an entry that a log was proven to hold, or to have promised.
type LogRef struct {
	Log     string `json:"log"`   // its base URL, as the trusted root has it
	KeyID   string `json:"keyId"` // the ID of its key there, in hex
	Index   int64  `json:"index"` // in the tree of the proof; without a proof, what the log promised
	Size    uint64 `json:"size,omitempty"`
	Root    string `json:"rootHash,omitempty"` // in hex
	Promise bool   `json:"promise"`            // the log's signed promise held
	Proof   bool   `json:"proof"`              // the inclusion proof held
}

// TimeRef is a time that somebody other than the signer proved.
type TimeRef struct {
	Time time.Time `json:"time"`
	By   string    `json:"by"`
	Kind string    `json:"kind"` // "timestamp" (RFC 3161) or "log"
}

// Link is one link of the chain.
type Link struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
}

// State is how a link stands.
type State string

// The states of a link.
const (
	Held       State = "held"
	Absent     State = "absent" // there is nothing to check, and nobody asked for it
	Failed     State = "failed"
	NotReached State = "not reached"
)
