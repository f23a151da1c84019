// Package packtest makes inputs for tests of policies: a sample artifact, many findings, and random ones.
package packtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"stellad/policy"
	"stellad/policy/findings"
)

// Now is the time of every decision here.
const Now = "2026-03-01T08:00:00Z"

// Names of keys: of the appliance's HSM, of a soft one, of a vendor.
const (
	Signing = "key:signing-2026"
	Soft    = "key:trial"
	Vendor  = "key:vendor"
)

// digest is 64 hex digits that follow from a text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// byKey is the signer of a key's name.
func byKey(name string) policy.Signer { return policy.Signer{Name: name, Key: digest(name)} }

// byIdentity is a signer that a certificate names.
func byIdentity(identity string) policy.Signer {
	return policy.Signer{Name: identity, Identity: identity, Issuer: "https://issuer.example"}
}

// source is a logged document with a proven time.
func source(name, proven string, signers ...policy.Signer) policy.Source {
	return policy.Source{Evidence: digest(name), Signers: signers, Proven: proven, Logged: true}
}

// Artifact is a sample in production: an SBOM archive and a scan report, signed in the HSM, with one finding:
// CVE-2024-12345, CVSS 9.8. The default policy blocks it.
func Artifact() policy.Input {
	in := Empty("production")
	in.Keys[digest(Signing)] = policy.Key{Name: Signing, Custody: "hsm", State: "active"}
	in.SBOMs = []policy.SBOM{{Source: source("sbom", "2026-02-20T08:00:00Z", byKey(Signing)), Format: "CycloneDX", Version: "1.5"}}
	in.Reports = []policy.Report{report("report", "2026-02-21T08:00:00Z", byKey(Signing))}
	in.Findings = []policy.Finding{finding("CVE-2024-12345", 9.8)}
	in.Reports[0].Findings = 1
	return in
}

// Excepted is Artifact with an OpenVEX statement that takes the finding out: not_affected, an impact
// statement and no label, signed by the appliance's key. The default policy passes it.
func Excepted() policy.Input {
	in := Artifact()
	Add(&in, 0, "vex-1", Statement(in, byKey(Signing)))
	return in
}

// Many is Artifact with n findings below 7.0, of which the first vex have a statement that takes them out.
func Many(n, vex int) policy.Input {
	in := Artifact()
	in.Findings = []policy.Finding{}
	for i := range n {
		in.Findings = append(in.Findings, finding(fmt.Sprintf("CVE-2025-%05d", i), 1+float64(i%59)/10))
		if i < vex {
			Add(&in, i, fmt.Sprintf("vex-%05d", i), Statement(in, byKey(Signing)))
		}
	}
	in.Reports[0].Findings = n
	return in
}

// Empty is an input about which nothing is known. All its lists are there.
func Empty(environment string) policy.Input {
	return policy.Input{Version: policy.InputVersion, Time: Now, Environment: environment, Logs: []policy.Log{}, Facts: policy.Facts{
		Artifact: policy.Artifact{
			Digest: "sha256:" + digest("artifact"),
			Names:  []string{"registry.example/demo:1"},
			PURLs:  []string{"pkg:oci/demo@1"},
		},
		Attestations: []policy.Attestation{},
		SBOMs:        []policy.SBOM{},
		Reports:      []policy.Report{},
		Findings:     []policy.Finding{},
		Statements:   map[string]policy.Statement{},
		Keys:         map[string]policy.Key{},
		Unverified:   []policy.Unverified{},
	}}
}

func report(name, proven string, signer policy.Signer) policy.Report {
	return policy.Report{Source: source(name, proven, signer), Format: "grype", Tool: "grype 0.90.0", Made: proven}
}

// finding is one that nvd alone gives a score.
func finding(id string, score float64) policy.Finding {
	return policy.Finding{
		Merged: findings.Merged{
			ID:      id,
			Aliases: []string{},
			Package: findings.Package{Name: "libfoo", Version: "1.2", PURL: "pkg:deb/debian/libfoo@1.2"},
			Rating:  findings.Rating{Known: true, Worst: score, By: map[string]float64{"nvd": score}, Severity: "high", Differs: []string{}},
			Fixed:   []string{},
			Reports: []string{digest("report")},
		},
		VEX:  []string{},
		Near: []policy.Near{},
	}
}

// Statement is one on in's artifact that counts in production, of signers; Add says on which finding.
func Statement(in policy.Input, signers ...policy.Signer) policy.Statement {
	return policy.Statement{
		Source:   source("vex", "2026-02-22T08:00:00Z", signers...),
		Status:   "not_affected",
		Impact:   "Vulnerable code path not reachable",
		Author:   "security@registry.example",
		Made:     "2026-02-22T08:00:00Z",
		Products: []string{in.Artifact.Digest},
		Format:   "openvex",
	}
}

// Add puts a statement on finding i. Statements on one finding are added in the order of their times and IDs.
func Add(in *policy.Input, i int, id string, s policy.Statement) {
	s.Vulnerability = in.Findings[i].ID
	in.Statements[id] = s
	in.Findings[i].VEX = append(in.Findings[i].VEX, id)
}
