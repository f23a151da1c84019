package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	stellav1 "stellad/api/stella/v1"
)

// BenchmarkMemory tells what a daemon holds resident after its start and one verdict, and with 100,000 verdicts in its
// memory, of which by its own count none was dropped.
func BenchmarkMemory(b *testing.B) {
	const verdicts = 100_000
	var rest, full, counted []float64
	for b.Loop() {
		d := largeAppliance(b)
		startServices(b, d, 1)
		before := d.resident(b)
		d.fill(b, verdicts)
		rest, full = append(rest, float64(before)), append(full, float64(d.resident(b)))
		counted = append(counted, d.metric(b, "stella_verdicts_bytes"))
		if n := d.metric(b, "stella_verdicts"); n < verdicts {
			b.Fatalf("it remembers %v of %d verdicts", n, verdicts)
		}
		d.stop(b)
	}
	b.ReportMetric(0, "ns/op") // of the filling: it says nothing
	b.ReportMetric(median(rest)/1e6, "MB-rest")
	b.ReportMetric(median(full)/1e6, "MB-100k")
	b.ReportMetric((median(full)-median(rest))/verdicts, "B/verdict")
	b.ReportMetric(median(counted)/verdicts, "counted-B/verdict")
}

// largeAppliance is started as a package does it, with the demo's trust and room for many verdicts.
func largeAppliance(b *testing.B) *appliance {
	dir := b.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "trust"), os.DirFS(filepath.Join("..", "packaging", "demo", "trust"))); err != nil {
		b.Fatal(err)
	}
	for _, folder := range []string{"state", "run"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"access.toml":        fmt.Sprintf("version = 1\n[roles]\nadministrator = [\"*:*\"]\n[users]\n\"uid:%d\" = [\"administrator\"]\n", os.Geteuid()),
		"state/genesis.json": `{"name":"stella.example"}`,
		"stellad.toml": fmt.Sprintf("verdict-cache = 512\nstate = %q\nrun = %q\ntrust = %q\naccess = %q\n",
			filepath.Join(dir, "state"), filepath.Join(dir, "run"), filepath.Join(dir, "trust"), filepath.Join(dir, "access.toml")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return launch(b, dir, "stellad", "--config", filepath.Join(dir, "stellad.toml"))
}

// fill has the daemon remember n verdicts. They are refusals of an envelope that no accepted key signed, each about an
// artifact of another name: the least work that ends in a verdict.
func (d *appliance) fill(b *testing.B, n int) {
	const streams = 8
	dir := b.TempDir()
	keyBundle(b, dir)
	text, err := os.ReadFile(filepath.Join(dir, "key.sigstore.json"))
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256(text)
	var filling sync.WaitGroup
	for i := range streams {
		stream, err := stellav1.NewVerifyServiceClient(d.dial(b)).VerifyStream(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		filling.Go(func() { // asks ahead of the answers
			for j := i; j < n; j += streams {
				artifact := &stellav1.Artifact{Name: fmt.Sprintf("%06d", j), Kind: "digest given", Any: []*stellav1.Digests{{Sha256: digest[:]}}}
				if err := stream.Send(&stellav1.VerifyStreamRequest{Request: &stellav1.VerifyRequest{Document: text, Artifact: artifact}}); err != nil {
					b.Error(err)
					return
				}
			}
			_ = stream.CloseSend()
		})
		filling.Go(func() {
			for j := i; j < n; j += streams {
				if resp, err := stream.Recv(); err != nil || resp.GetResponse() == nil || resp.GetResponse().GetVerified() {
					b.Errorf("%v, %v", resp, err)
					return
				}
			}
		})
	}
	filling.Wait()
}

// metric reads a metric that has no labels.
func (d *appliance) metric(b *testing.B, name string) float64 {
	out, err := d.command("adminctl", "metrics").Output()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if value, is := strings.CutPrefix(line, name+" "); is {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatalf("no metric %s", name)
	return 0
}
