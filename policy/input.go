package policy

import "stellad/policy/findings"

// InputVersion is that of Input. A policy says in its manifest which ones it reads.
const InputVersion = 1

// An Input is what a policy is asked: about one artifact, in one environment, at one time.
// Times are RFC 3339 in UTC to the second ("2026-03-01T08:00:00Z"), so that they compare as
// text; what is not known is the empty text. Digests of documents and keys are 64 digits of
// lower-case hex, those of artifacts have "sha256:" before them. Lists are never null.
type Input struct {
	Version     int    `json:"version"`
	Time        string `json:"time"` // of the decision
	Environment string `json:"environment"`
	Logs        []Log  `json:"logs"` // that the appliance keeps; sorted by origin
	Facts
}

// Facts are what the appliance holds on an artifact. They are the same until it holds something else.
type Facts struct {
	Artifact     Artifact             `json:"artifact"`
	Attestations []Attestation        `json:"attestations"` // that verify; sorted by evidence
	SBOMs        []SBOM               `json:"sboms"`        // likewise
	Reports      []Report             `json:"reports"`      // of scanners; likewise
	Findings     []Finding            `json:"findings"`     // of all reports, each once; sorted by ID and package
	Statements   map[string]Statement `json:"statements"`   // of VEX on a finding here, by their IDs
	Keys         map[string]Key       `json:"keys"`         // that signed any of it, by the SHA-256 of their SPKI
	Unverified   []Unverified         `json:"unverified"`   // what counts for nothing, to be shown; sorted by evidence
}

// Artifact is what is asked about.
type Artifact struct {
	Digest string   `json:"digest"`
	Names  []string `json:"names"` // that verified statements give it
	PURLs  []string `json:"purls"` // of it, by verified statements' subjects
}

// A Source is who stands for a verified document, and since when it is there.
type Source struct {
	Evidence string   `json:"evidence"` // SHA-256 of the document
	Signers  []Signer `json:"signers"`  // at least one
	Proven   string   `json:"proven"`   // a time at which it was signed already: by a timestamp or a log
	Logged   bool     `json:"logged"`   // a log that the trust root knows has it
}

// A Signer is a key or whom a certificate names.
type Signer struct {
	Name     string `json:"name"`     // "key:NAME" of the trust root, or the identity: what a policy names signers by
	Key      string `json:"key"`      // SHA-256 of its SPKI; empty with an identity
	Identity string `json:"identity"` // URI or e-mail address; empty with a key
	Issuer   string `json:"issuer"`   // of the identity
}

// An Attestation is a verified statement about the artifact.
type Attestation struct {
	Source
	PredicateType string   `json:"predicateType"`
	Builder       string   `json:"builder"` // of SLSA provenance (0.2, 1): the builder's ID
	Origins       []string `json:"origins"` // likewise: the URIs of what was built
}

// An SBOM is a verified one of the artifact.
type SBOM struct {
	Source
	Format  string `json:"format"` // "CycloneDX", "SPDX"
	Version string `json:"version"`
}

// A Report is a verified scan report on the artifact.
type Report struct {
	Source
	Format   string `json:"format"` // "grype", "trivy", "cyclonedx", "sarif", "vulns"
	Tool     string `json:"tool"`   // name and version
	Made     string `json:"made"`   // as it says itself
	Findings int    `json:"findings"`
}

// A Finding is one vulnerability in one package, by all reports, and what VEX says to it.
type Finding struct {
	findings.Merged
	VEX  []string `json:"vex"`  // statements that are about it, as keys of Facts.Statements: sorted by made, then ID
	Near []Near   `json:"near"` // statements on its ID that are not about it, and why
}

// A Statement is one VEX statement in a verified document.
type Statement struct {
	Source
	Vulnerability string   `json:"vulnerability"`
	Status        string   `json:"status"`        // not_affected, affected, fixed, under_investigation
	Justification string   `json:"justification"` // one of OpenVEX's five labels, or empty
	Impact        string   `json:"impact"`
	Action        string   `json:"action"`
	Author        string   `json:"author"`   // as it says itself
	Made          string   `json:"made"`     // as it says itself
	Expires       string   `json:"expires"`  // the first second at which it no longer stands
	Products      []string `json:"products"` // that it names: purls and digests
	Format        string   `json:"format"`   // "openvex", "csaf", "cyclonedx"
}

// Near is a statement that is not about a finding.
type Near struct {
	Statement string `json:"statement"`
	Why       string `json:"why"`
}

// A Key is one that signed.
type Key struct {
	Name    string `json:"name"`    // in the trust root
	Custody string `json:"custody"` // "hsm", "soft", or "elsewhere": not the appliance's
	State   string `json:"state"`   // of the appliance's keys: active, retired, compromised, destroyed; else empty
}

// A Log is one that the appliance keeps.
type Log struct {
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Signed string `json:"signed"` // its last checkpoint
}

// Unverified is evidence that was not looked into.
type Unverified struct {
	Evidence string `json:"evidence"`
	Kind     string `json:"kind"`
	Why      string `json:"why"`
}
