package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkCommand runs the whole command beside cosign on the same bundle, in
// turns, and beside /bin/true, which is what a process costs. Medians of wall
// time and of peak memory are told; x-cosign is the ratio of the times.
func BenchmarkCommand(b *testing.B) {
	cosign, err := filepath.Abs(filepath.Join("..", "build", "tools", "cosign"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(cosign); err != nil {
		b.Skip("no cosign to compare with: make bench builds it")
	}
	b.Run("public-good", func(b *testing.B) { benchPublicGood(b, cosign) })
	b.Run("key", func(b *testing.B) { benchKey(b, cosign) })
}

func benchPublicGood(b *testing.B, cosign string) {
	dir, err := filepath.Abs(filepath.Join("..", "packaging", "demo"))
	if err != nil {
		b.Fatal(err)
	}
	const issuer = "https://token.actions.githubusercontent.com"
	const identity = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
	compare(b, dir,
		[]string{"stella", "attest", "verify", "--bundle", "sigstore-js.sigstore.json", "--trust-root", "trust", "--digest", demoDigest},
		[]string{
			cosign, "verify-blob-attestation", "--bundle", "sigstore-js.sigstore.json", "--trusted-root", "trust/trusted_root.json",
			"--certificate-identity", identity, "--certificate-oidc-issuer", issuer, "--type", "slsaprovenance1",
			"--digest", strings.TrimPrefix(demoDigest, "sha512:"), "--digestAlg", "sha512",
		})
}

// benchKey has a bundle of a key's signature and nothing else, which cosign takes
// when it is told to ask for no log.
func benchKey(b *testing.B, cosign string) {
	dir := b.TempDir()
	digest := keyBundle(b, dir)
	compare(b, dir,
		[]string{"stella", "attest", "verify", "--bundle", "key.sigstore.json", "--key", "key.pem", "--digest", "sha256:" + digest},
		[]string{
			cosign, "verify-blob-attestation", "--bundle", "key.sigstore.json", "--key", "key.pem", "--insecure-ignore-tlog",
			"--type", "https://example.test/built/v1", "--digest", digest, "--digestAlg", "sha256",
		})
}

// keyBundle writes key.pem and key.sigstore.json, and gives the subject's digest.
func keyBundle(b testing.TB, dir string) (digest string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	digest = fmt.Sprintf("%x", sha256.Sum256([]byte("artifact")))
	payload := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":%q}}],"predicateType":"https://example.test/built/v1","predicate":{}}`, digest)
	pae := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 28 application/vnd.in-toto+json %d %s", len(payload), payload))
	sig, err := ecdsa.SignASN1(rand.Reader, key, pae[:])
	if err != nil {
		b.Fatal(err)
	}
	std := base64.StdEncoding.EncodeToString
	bundle := fmt.Sprintf(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":""}},"dsseEnvelope":{"payload":%q,"payloadType":"application/vnd.in-toto+json","signatures":[{"sig":%q}]}}`,
		std([]byte(payload)), std(sig))
	for name, text := range map[string][]byte{
		"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), "key.sigstore.json": []byte(bundle),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return digest
}

// runs are the wall times and the peak memory of one command's runs.
type runs struct {
	wall []time.Duration
	peak []int64 // KiB
}

func (r *runs) run(b testing.TB, dir string, args []string) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stderr = &out
	start := time.Now()
	err := cmd.Run()
	r.wall = append(r.wall, time.Since(start))
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, &out)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = append(r.peak, usage.Maxrss)
	}
}

func (r *runs) millis() float64 {
	slices.Sort(r.wall)
	return float64(r.wall[len(r.wall)/2].Microseconds()) / 1000
}

func (r *runs) megabytes() float64 {
	slices.Sort(r.peak)
	return float64(r.peak[len(r.peak)/2]) / 1000
}

func compare(b *testing.B, dir string, ours, theirs []string) {
	var stella, cosign, nothing runs
	for b.Loop() {
		stella.run(b, dir, ours)
		cosign.run(b, dir, theirs)
		nothing.run(b, dir, []string{"true"})
	}
	b.ReportMetric(0, "ns/op") // all three together: it says nothing
	b.ReportMetric(stella.millis(), "stella-ms")
	b.ReportMetric(cosign.millis(), "cosign-ms")
	b.ReportMetric(nothing.millis(), "true-ms")
	b.ReportMetric(stella.megabytes(), "stella-MB")
	b.ReportMetric(cosign.megabytes(), "cosign-MB")
	b.ReportMetric(stella.millis()/cosign.millis(), "x-cosign")
}

// BenchmarkFolder verifies a folder of bundles on one core and on two, in turns.
func BenchmarkFolder(b *testing.B) {
	const bundles = 400
	dir := b.TempDir()
	demo := filepath.Join("..", "packaging", "demo")
	text, err := os.ReadFile(filepath.Join(demo, "sigstore-js.sigstore.json"))
	if err != nil {
		b.Fatal(err)
	}
	for i := range bundles {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json", i)), text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	command := []string{"stella", "attest", "verify", "--bundle", dir, "--trust-root", filepath.Join(demo, "trust")}
	on := func(cores int) []string {
		return append([]string{"env", fmt.Sprintf("GOMAXPROCS=%d", cores)}, command...)
	}
	var one, two runs
	for b.Loop() {
		one.run(b, "", on(1))
		two.run(b, "", on(2))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(bundles/one.millis()*1000, "bundles/s-1core")
	b.ReportMetric(bundles/two.millis()*1000, "bundles/s-2cores")
	b.ReportMetric(one.millis()/two.millis(), "x-1core")
	b.ReportMetric(two.megabytes(), "MB-2cores")
}
