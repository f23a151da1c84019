package policy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"stellad/evidence/kind"
	"stellad/policy/vex"
)

const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// by is the source of a document.
func by(evidence string) Source {
	return Source{Evidence: evidence, Signers: []Signer{{Name: "key:a", Key: "a"}}, Proven: "2026-02-20T08:00:00Z", Logged: true}
}

func grype(ids ...string) []byte {
	var matches []string
	for i, id := range ids {
		matches = append(matches, fmt.Sprintf(`{"vulnerability":{"id":%q,"severity":"High","cvss":[{"version":"3.1","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","metrics":{"baseScore":9.8}}]},"artifact":{"name":"p%d","version":"1","purl":"pkg:deb/debian/p%d@1"}}`, id, i, i))
	}
	return []byte(`{"descriptor":{"name":"grype","version":"0.90.0"},"source":{"type":"image"},"matches":[` + strings.Join(matches, ",") + `]}`)
}

// openVEX states that something is not affected in the product of a SHA-256.
func openVEX(vulnerability, sha256 string) []byte {
	return []byte(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.test/` + vulnerability + `","author":"a test","timestamp":"2026-01-01T00:00:00Z","version":1,` +
		`"statements":[{"vulnerability":{"name":"` + vulnerability + `"},"products":[{"@id":"https://example.test/app","hashes":{"sha-256":"` + sha256 + `"}}],"status":"not_affected","justification":"component_not_present"}]}`)
}

const slsa1 = `{"buildDefinition":{"resolvedDependencies":[{"uri":"git+https://b"},{"uri":"git+https://a"},{"uri":""},{"uri":"git+https://a"}]},"runDetails":{"builder":{"id":"https://builder/1"}}}`

// told are the acts of an assembly, in any order.
func told() []func(*Assembly) {
	other := strings.Repeat("0", 64)
	return []func(*Assembly){
		func(a *Assembly) { a.Attestation(by("r1"), "any", grype("CVE-2024-1", "CVE-2024-2")) },
		func(a *Assembly) { a.Attestation(by("r2"), "any", grype("CVE-2024-1")) },
		func(a *Assembly) {
			a.Attestation(by("v1"), "https://openvex.dev/ns/v0.2.0", openVEX("CVE-2024-1", digest[7:]))
		},
		func(a *Assembly) {
			a.Attestation(by("v2"), "https://openvex.dev/ns/v0.2.0", openVEX("CVE-2024-2", other))
		},
		func(a *Assembly) {
			a.Attestation(by("v3"), "https://openvex.dev/ns/v0.2.0", openVEX("CVE-2024-9", digest[7:]))
		},
		func(a *Assembly) { a.Attestation(by("p1"), "https://slsa.dev/provenance/v1", []byte(slsa1)) },
		func(a *Assembly) {
			a.Attestation(by("p2"), "https://slsa.dev/provenance/v0.2", []byte(`{"builder":{"id":"https://builder/0"},"materials":[{"uri":"git+https://c"}]}`))
		},
		func(a *Assembly) { a.Attestation(by("e"), "tag:stella,2026:endorsement/v1", []byte(`{"who":"a"}`)) },
		func(a *Assembly) { a.SBOM(by("s"), "SPDX", "2.3", []byte("SPDXVersion: SPDX-2.3\n")) },
		func(a *Assembly) { a.LeaveOut("u", kind.Grype, "nobody signed it") },
		func(a *Assembly) { a.Key("a", Key{Name: "a", Custody: "hsm"}) },
		func(a *Assembly) { a.Named("registry.example/app:1") },
		func(a *Assembly) { a.Named("pkg:oci/app@1") },
		func(a *Assembly) { a.Named("") },
	}
}

func assembled(acts []func(*Assembly)) Facts {
	a := NewAssembly(digest)
	for _, act := range acts {
		act(a)
	}
	return a.Facts()
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAssembly(t *testing.T) {
	f := assembled(told())
	if len(f.Findings) != 2 || len(f.Reports) != 2 || len(f.Attestations) != 8 || len(f.SBOMs) != 1 || len(f.Unverified) != 1 {
		t.Fatalf("%s", jsonOf(t, f))
	}
	one, two := f.Findings[0], f.Findings[1]
	if one.ID != "CVE-2024-1" || strings.Join(one.Reports, " ") != "r1 r2" || one.Rating.Worst != 9.8 || strings.Join(one.VEX, " ") != "v1/0" || len(one.Near) != 0 {
		t.Errorf("%s", jsonOf(t, one))
	}
	if len(two.VEX) != 0 || len(two.Near) != 1 || two.Near[0].Statement != "v2/0" || two.Near[0].Why == "" {
		t.Errorf("%s", jsonOf(t, two))
	}
	s, there := f.Statements["v1/0"]
	if !there || len(f.Statements) != 1 || s.Status != vex.NotAffected || s.Signers[0].Name != "key:a" || s.Made != "2026-01-01T00:00:00Z" || s.Expires != "" {
		t.Errorf("%s", jsonOf(t, f.Statements))
	}
	for _, at := range f.Attestations {
		if at.Evidence == "p1" && (at.Builder != "https://builder/1" || strings.Join(at.Origins, " ") != "git+https://a git+https://b") ||
			at.Evidence == "p2" && (at.Builder != "https://builder/0" || strings.Join(at.Origins, " ") != "git+https://c") ||
			at.Evidence == "e" && (at.Builder != "" || len(at.Origins) != 0) {
			t.Errorf("%s", jsonOf(t, at))
		}
	}
	if a := f.Artifact; a.Digest != digest || strings.Join(a.Names, " ") != "registry.example/app:1" || strings.Join(a.PURLs, " ") != "pkg:oci/app@1" {
		t.Errorf("%+v", a)
	}
	if empty := jsonOf(t, assembled(nil)); strings.Contains(empty, "null") {
		t.Errorf("a list is null: %s", empty)
	}
}

// TestOrder: the order in which an assembly is told of things changes nothing.
func TestOrder(t *testing.T) {
	want := jsonOf(t, assembled(told()))
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		acts := told()
		r.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
		if got := jsonOf(t, assembled(acts)); got != want {
			t.Fatalf("%s\n%s", want, got)
		}
	}
}

// TestLeftOut: what can't be read is an attestation all the same, and is told of with the reason; nothing else changes.
func TestLeftOut(t *testing.T) {
	before := assembled(told())
	for name, predicate := range map[string]string{
		"https://in-toto.io/attestation/vulns/v0.2": `{"scanner":{}}`,
		"any":                            `{"matches":[{}],"descriptor":{"name":"grype"},"source":{}}`,
		"https://openvex.dev/ns/v0.2.0":  `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}`,
		"https://slsa.dev/provenance/v1": `{"runDetails":{"builder":{"id":7}}}`,
		"https://cyclonedx.org/bom":      `{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":7}`,
	} {
		acts := append(told(), func(a *Assembly) { a.Attestation(by("x"), name, []byte(predicate)) })
		after := assembled(acts)
		if len(after.Unverified) != len(before.Unverified)+1 || after.Unverified[1].Evidence != "x" || after.Unverified[1].Why == "" || strings.Contains(after.Unverified[1].Why, "\n") {
			t.Errorf("%s: %s", name, jsonOf(t, after.Unverified))
		}
		if jsonOf(t, after.Findings) != jsonOf(t, before.Findings) || jsonOf(t, after.Statements) != jsonOf(t, before.Statements) ||
			len(after.Reports) != len(before.Reports) || len(after.SBOMs) != len(before.SBOMs) || len(after.Attestations) != len(before.Attestations)+1 {
			t.Errorf("%s: it counts", name)
		}
	}
}

// TestSBOMWithVulnerabilities: an SBOM that has some is a report as well, and VEX where it says more of them.
func TestSBOMWithVulnerabilities(t *testing.T) {
	text := `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"timestamp":"2026-01-01T00:00:00Z","component":{"type":"application","name":"app","bom-ref":"app","hashes":[{"alg":"SHA-256","content":"` + digest[7:] + `"}]}},
"components":[{"type":"library","name":"p0","version":"1","bom-ref":"p0","purl":"pkg:deb/debian/p0@1"}],
"vulnerabilities":[{"id":"CVE-2024-7","ratings":[{"source":{"name":"NVD"},"score":7.5,"method":"CVSSv31"}],"affects":[{"ref":"p0"}],"analysis":{"state":"not_affected","justification":"code_not_present"}}]}`
	f := assembled([]func(*Assembly){func(a *Assembly) { a.Attestation(by("s"), "https://cyclonedx.org/bom", []byte(text)) }})
	if len(f.SBOMs) != 1 || len(f.Reports) != 1 || len(f.Findings) != 1 || f.Findings[0].ID != "CVE-2024-7" || f.Findings[0].Rating.Worst != 7.5 || len(f.Unverified) != 0 {
		t.Errorf("%s", jsonOf(t, f))
	}
	if len(f.Findings) == 1 && len(f.Findings[0].VEX)+len(f.Findings[0].Near) != 1 {
		t.Errorf("its VEX is lost: %s", jsonOf(t, f.Findings[0]))
	}
}

// BenchmarkFacts is the join of findings with the statements on them, a tenth of them: ns/finding must not grow.
func BenchmarkFacts(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var ids []string
			a := NewAssembly(digest)
			for i := range n {
				ids = append(ids, fmt.Sprintf("CVE-2024-%05d", i))
				if i%10 == 0 {
					a.Attestation(by(fmt.Sprint("v", i)), "https://openvex.dev/ns/v0.2.0", openVEX(ids[i], digest[7:]))
				}
			}
			a.Attestation(by("r"), "any", grype(ids...))
			for b.Loop() {
				a.Facts()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(n), "ns/finding")
		})
	}
}
