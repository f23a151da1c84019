package audit

import (
	"bytes"
	"flag"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"stellad/tlog"
)

// size is the log of the benchmarks, in records.
var size = flag.Int("audit.size", 100_000, "records in the log of the benchmarks")

// generated is a log of any length that is made as it is read.
type generated struct {
	end  uint64
	line func(seq uint64) ([]byte, *Annotation)
	key  signer
}

func newGenerated(b testing.TB, end uint64) generated {
	m := newLog(b, 64)
	genesis := m.lines[0]
	return generated{end: end, key: m.key, line: func(seq uint64) ([]byte, *Annotation) {
		if seq == 0 {
			return genesis, nil
		}
		var note *Annotation
		sum := strings.Repeat("0123456789abcdef", 4)
		r := &Record{
			Type: "call", V: 1, Seq: seq, Time: begin.Add(time.Duration(seq) * time.Second), Boot: boot, Up: int64(seq+1) * 1e9,
			Actor: &Actor{1000, 1000}, Socket: "admin", Method: "stella.v1.Admin/ReceiptAdd", Target: "sha256:" + sum, Outcome: "ok",
			Request: "r-" + strconv.FormatUint(seq, 16),
		}
		if r.Body = []byte(`{"bundle":"sha256:` + sum + `","size":48213}`); seq%16 == 2 {
			note = &Annotation{Seq: seq, Text: map[string]string{"reason": "not an administrator", "user": "jane"}}
			r.Note = note.Hash()
		}
		line, err := r.Line()
		if err != nil {
			panic(err)
		}
		return line, note
	}}
}

func (g generated) Lines(first, end uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for seq := first; seq < min(end, g.end); seq++ {
			if line, _ := g.line(seq); !yield(line, nil) {
				return
			}
		}
	}
}

func (g generated) Annotations(first, end uint64) iter.Seq2[Annotation, error] {
	return func(yield func(Annotation, error) bool) {
		for seq := first; seq < min(end, g.end); seq++ {
			if seq%16 != 2 {
				continue
			}
			if _, note := g.line(seq); !yield(*note, nil) {
				return
			}
		}
	}
}

func (g generated) Checkpoints() iter.Seq2[[]byte, error] {
	return func(func([]byte, error) bool) {}
}

func (g generated) checkpoint(b testing.TB) (latest []byte, bytes int64) {
	var tree tlog.Range
	for line, err := range g.Lines(0, g.end) {
		if err != nil {
			b.Fatal(err)
		}
		tree.Append(tlog.LeafHash(line))
		bytes += int64(len(line)) + 1
	}
	return g.key.sign(b, g.end, tree.Root()), bytes
}

func onDisk(dir string) Sink {
	return func(name string, _ int64, content io.Reader) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(file, content)
		return err
	}
}

// BenchmarkVerify reports records a second, and the largest memory of the whole
// process meanwhile, in MiB; with -audit.size=1000000 it is the figure of
// docs/formats/audit.md.
func BenchmarkVerify(b *testing.B) {
	g := newGenerated(b, uint64(*size))
	latest, length := g.checkpoint(b)
	dir := b.TempDir()
	if _, err := Export(onDisk(dir), g, ExportOptions{Key: g.key.VerifierKey, Checkpoint: latest}); err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	peak := resident(b)
	for b.Loop() {
		if _, err := Verify(os.DirFS(dir), VerifyOptions{Key: g.key.VerifierKey}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(*size)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(length)/float64(*size), "B/record")
	b.ReportMetric(peak(), "MiB-peak")
}

func BenchmarkExport(b *testing.B) {
	g := newGenerated(b, uint64(*size))
	latest, _ := g.checkpoint(b)
	peak := resident(b)
	for b.Loop() {
		a := NewArchive(io.Discard)
		if _, err := Export(a.Put, g, ExportOptions{Key: g.key.VerifierKey, Checkpoint: latest}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(*size)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(peak(), "MiB-peak")
}

func BenchmarkParseLine(b *testing.B) {
	line, _ := newGenerated(b, 10).line(5)
	for b.Loop() {
		if _, err := ParseLine(line); err != nil {
			b.Fatal(err)
		}
	}
}

// resident samples the resident memory until what it gives is called.
func resident(b *testing.B) func() float64 {
	var most float64
	stop := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		for {
			if status, err := os.ReadFile("/proc/self/status"); err == nil {
				_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
				kib, _ := strconv.ParseFloat(strings.Fields(string(rest))[0], 64)
				most = max(most, kib/1024)
			}
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() float64 { close(stop); sampling.Wait(); return most }
}
