package document_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"stellad/sbom/document"
)

// childEnv names the form that this process, a child of a test, reads, and its
// size in MiB.
const childEnv = "STELLA_SBOM_CHILD"

func TestMain(m *testing.M) {
	if child := os.Getenv(childEnv); child != "" {
		var mib int
		if _, err := fmt.Sscan(os.Getenv(childEnv+"_MIB"), &mib); err != nil {
			panic(err)
		}
		if _, err := document.Read(bigForms[child](mib << 20)); err != nil {
			panic(err)
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			panic(err)
		}
		fmt.Print(string(status))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var peak = regexp.MustCompile(`VmHWM:\s+([0-9]+) kB`)

// plainBinary builds this test without the race detector, which takes memory of
// its own.
func plainBinary(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "document.test")
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// peakMiB reads a document in a process of its own, and gives the most memory
// that it had at a time.
func peakMiB(t testing.TB, binary, form string, mib int) int {
	t.Helper()
	child := exec.CommandContext(t.Context(), binary)
	child.Env = append(os.Environ(), childEnv+"="+form, childEnv+"_MIB="+strconv.Itoa(mib))
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		t.Fatal(err)
	}
	match := peak.FindSubmatch(out)
	if match == nil {
		t.Skip("the kernel does not tell a process's peak memory (/proc/self/status)")
	}
	kib, _ := strconv.Atoi(string(match[1]))
	return kib >> 10
}

func forms() []string { return slices.Sorted(maps.Keys(bigForms)) }

// A document is read in less memory than it has bytes.
func TestMemory(t *testing.T) {
	const mib, most = 32, 100
	binary := plainBinary(t)
	for _, form := range forms() {
		if got := peakMiB(t, binary, form, mib); got > most {
			t.Errorf("%s of %d MiB: took %d MiB, and may take %d", form, mib, got, most)
		} else {
			t.Logf("%s of %d MiB: %d MiB", form, mib, got)
		}
	}
}

func BenchmarkMemory(b *testing.B) {
	const mib = 200
	binary := plainBinary(b)
	for _, form := range forms() {
		b.Run(form, func(b *testing.B) {
			most := 0
			for b.Loop() {
				most = max(most, peakMiB(b, binary, form, mib))
			}
			b.SetBytes(mib << 20)
			b.ReportMetric(float64(most), "peak-MiB")
		})
	}
}

// BenchmarkRead tells the throughput beside that of the standard library's
// tokens of the same bytes, which checks nothing.
func BenchmarkRead(b *testing.B) {
	for _, form := range forms() {
		b.Run(form, func(b *testing.B) {
			text, err := io.ReadAll(bigForms[form](5 << 20))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var took time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := document.Read(bytes.NewReader(text)); err != nil {
					b.Fatal(err)
				}
				took += time.Since(start)
			}
			if reference := tokens(text); reference > 0 {
				b.ReportMetric(float64(took)/float64(b.N)/float64(reference), "×tokens")
			}
		})
	}
}

// tokens times the standard library's walk; 0 where it has
// none.
func tokens(text []byte) time.Duration {
	var walk func() error
	switch text[0] {
	case '{':
		d := json.NewDecoder(bytes.NewReader(text))
		walk = func() error { _, err := d.Token(); return err }
	case '<':
		d := xml.NewDecoder(bytes.NewReader(text))
		walk = func() error { _, err := d.Token(); return err }
	default:
		return 0
	}
	start := time.Now()
	for walk() == nil {
	}
	return time.Since(start)
}
