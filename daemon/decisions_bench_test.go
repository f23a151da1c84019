package daemon_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	stellav1 "stellad/api/stella/v1"
	"stellad/policy/engine"
)

// BenchmarkDecision asks for decisions over verify.sock on an artifact with so many findings, a tenth of them with VEX. Beside
// each stand, in turns, the same policy and facts asked in this process, prepared (x-query is the ratio of the medians), and
// for 500 findings `opa eval` (x-opa).
func BenchmarkDecision(b *testing.B) {
	for _, findings := range []int{50, 500, 5000} {
		b.Run(fmt.Sprint(findings), func(b *testing.B) { benchDecision(b, findings) })
	}
}

func benchDecision(b *testing.B, findings int) {
	d := withFindings(b, findings)
	client := stellav1.NewPolicyServiceClient(d.verify)
	req := &stellav1.EvaluateRequest{Artifact: app, Environment: "production"}
	resp, err := client.Evaluate(b.Context(), &stellav1.EvaluateRequest{Artifact: app, Environment: "production", Explain: true})
	must(b, err)
	query, opa := prepared(b, resp.GetInput()), stockOPA(b, resp.GetInput())
	var overSocket, alone, stock []time.Duration
	for b.Loop() {
		overSocket = append(overSocket, took(func() {
			_, err := client.Evaluate(b.Context(), req)
			must(b, err)
		}))
		alone = append(alone, took(query))
		if findings == 500 && len(stock) < 11 {
			stock = append(stock, took(opa))
		}
	}
	b.ReportMetric(0, "ns/op") // all together: it says nothing
	b.ReportMetric(float64(middle(overSocket))/1e6, "p50-ms")
	b.ReportMetric(float64(middle(overSocket))/float64(findings), "ns/finding")
	b.ReportMetric(float64(middle(overSocket))/float64(middle(alone)), "x-query")
	if len(stock) > 0 {
		b.ReportMetric(float64(middle(overSocket))/float64(middle(stock)), "x-opa")
	}
}

// BenchmarkAssembly is what a decision takes more where the appliance holds something new on the artifact.
func BenchmarkAssembly(b *testing.B) {
	for _, findings := range []int{50, 500, 5000} {
		b.Run(fmt.Sprint(findings), func(b *testing.B) {
			d := withFindings(b, findings)
			var all []time.Duration
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				_, err := d.add(b, app, fmt.Sprintf(`{"@context":"https://openvex.dev/ns/v0.2.0","n":%d}`, i), 1<<20)
				must(b, err)
				b.StartTimer()
				all = append(all, took(func() { d.evaluate(b) }))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(middle(all))/1e6, "p50-ms")
			b.ReportMetric(float64(middle(all))/float64(findings), "ns/finding")
		})
	}
}

// withFindings has an SBOM, a report with so many findings below the threshold, and VEX on each tenth.
func withFindings(b *testing.B, n int) *decided {
	b.Helper()
	d := deciding(b)
	d.attest(b, "https://cyclonedx.org/bom", text(b, filepath.Join(demo, "fluentd.cdx.json")))
	var matches, statements []string
	for i := range n {
		id := fmt.Sprintf("CVE-2024-%05d", i)
		matches = append(matches, fmt.Sprintf(`{"vulnerability":{"id":%q,"severity":"Medium","cvss":[{"version":"3.1","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N","metrics":{"baseScore":5.3}}]},"artifact":{"name":"p%d","version":"1","purl":"pkg:deb/debian/p%d@1"}}`, id, i, i))
		if i%10 == 0 {
			statements = append(statements, fmt.Sprintf(`{"vulnerability":{"name":%q},"products":[{"@id":"https://example.test/app","hashes":{"sha-256":%q}}],"status":"not_affected","justification":"component_not_present"}`, id, app[7:]))
		}
	}
	for some := range slices.Chunk(matches, 500) { // a statement has no room for many more
		d.attest(b, "tag:stella,2026:scan-report/v1", `{"descriptor":{"name":"grype","version":"0.90.0"},"source":{"type":"image"},"matches":[`+strings.Join(some, ",")+`]}`)
	}
	d.attest(b, "https://openvex.dev/ns/v0.2.0", `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.test/vex","author":"a benchmark","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[`+strings.Join(statements, ",")+`]}`)
	return d
}

// prepared is the built-in policy, asked in this process on an input.
func prepared(b *testing.B, input []byte) func() {
	b.Helper()
	p, err := engine.Load(b.Context(), packed(b, nil))
	must(b, err)
	facts, err := engine.ReadFacts(input)
	must(b, err)
	return func() {
		_, err := p.Decide(b.Context(), facts, nil)
		must(b, err)
	}
}

// stockOPA is `opa eval` with the same policy and input, as a process.
func stockOPA(b *testing.B, input []byte) func() {
	b.Helper()
	program := filepath.Join("..", "build", "tools", "opa")
	if _, err := os.Stat(program); err != nil {
		b.Skip("no opa to compare with: make bench builds it")
	}
	dir := b.TempDir()
	must(b, os.WriteFile(filepath.Join(dir, "policy.tar.gz"), packed(b, nil), 0o600))
	must(b, os.WriteFile(filepath.Join(dir, "input.json"), input, 0o600))
	if !json.Valid(input) {
		b.Fatal("the input is no JSON")
	}
	return func() {
		out, err := exec.Command(program, "eval", "-b", filepath.Join(dir, "policy.tar.gz"), "-i", filepath.Join(dir, "input.json"), "data.stella.decision").CombinedOutput()
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}

func took(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
