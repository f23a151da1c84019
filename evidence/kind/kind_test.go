package kind

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"stellad/internal/vectors"
)

// samples are the least of each kind.
var samples = map[string]Kind{
	`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`:                         Bundle,
	`{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1"}`:                  Bundle,
	`{"payloadType":"x","payload":"","signatures":[]}`:                                      DSSE,
	` {"a":{"bomFormat":"x"},"bomFormat":"CycloneDX","specVersion":"1.6"}`:                  CycloneDX,
	"\xef\xbb\xbf{\"spdxVersion\":\"SPDX-2.3\"}":                                            SPDX,
	`{"@context":"https://openvex.dev/ns/v0.2.0"}`:                                          OpenVEX,
	`{"document":{"category":"csaf_vex","csaf_version":"2.0"}}`:                             CSAF,
	`{"matches":[],"descriptor":{}}`:                                                        Grype,
	`{"SchemaVersion":2,"Results":[]}`:                                                      Trivy,
	`{"SchemaVersion":2,"ArtifactName":"a","Results":[]}`:                                   Trivy,
	`{"version":"2.1.0","runs":[]}`:                                                         SARIF,
	`{"_type":"x","predicateType":"y","subject":[]}`:                                        Statement,
	`{"logIndex":"1","inclusionProof":{},"canonicalizedBody":""}`:                           LogProof,
	"c2sp.org/tlog-proof@v1\nindex 0\n":                                                     LogProof,
	"<?xml version=\"1.0\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"/>":         CycloneDX,
	"<!-- a --><c:bom xmlns:c=\"http://cyclonedx.org/schema/bom/1.4\"/>":                    CycloneDX,
	"# made by hand\nSPDXVersion: SPDX-2.3\n":                                               SPDX,
	"a.example\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a.example AAAA\n": Checkpoint,
}

func TestOf(t *testing.T) {
	for text, want := range samples {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			if got, err := Of(r); err != nil || got != want {
				t.Errorf("%s: %s, %v; want %s", text, got, err, want)
			}
		}
	}
}

func TestOfRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "{}", "[]", "null", "text", "\x00\x01", "{\"a\":1", "\"{\"", "<a/>", "<", "<bom/>", "<bom xmlns=\"http://cyclonedx.org/schema/bom\"/>",
		`{"mediaType":"text/plain"}`, `{"mediaType":1}`, `{"payloadType":"x","payload":""}`, `{"payloadType":"x","payload":"","signatures":{}}`,
		`{"bomFormat":"cyclonedx"}`, `{"a":{"bomFormat":"CycloneDX"}}`, `{"a":[{"bomFormat":"CycloneDX"}]}`, `["bomFormat","CycloneDX"]`,
		`{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}`, `{"bomFormat":"CycloneDX"}{}`, `{"bomFormat":"CycloneDX"} x`, `{"bomFormat":"CycloneDX",}`,
		`{"bomFormat":"CycloneDX","spdxVersion":"SPDX-2.3"}`, `{"mediaType":"application/vnd.dev.sigstore.bundle","payloadType":"","payload":"","signatures":[]}`,
		"{\"bomFormat\":\"CycloneDX\",\"a\":\"\xff\"}", `{"document":{"category":"csaf_vex"}}`, `{"document/category":"a","document/csaf_version":"b"}`,
		`{"matches":[]}`, `{"runs":[]}`, `{"SchemaVersion":2}`, "SPDXVersion:\n", " SPDXVersion: SPDX-2.3\n",
		"a.example\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "0\x03\x02\x01\x00", "\x1f\x8b", "\x1f\x8b\x08",
		`{"bomFormat":"CycloneDX","a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}",
	} {
		if got, err := Of(strings.NewReader(text)); !errors.Is(err, ErrUnknown) || got != "" {
			t.Errorf("%.80q: %s, %v", text, got, err)
		}
	}
	broken := errors.New("broken")
	for text := range samples {
		if !strings.HasPrefix(text, "{") {
			continue
		}
		if _, err := Of(io.MultiReader(strings.NewReader(text[:len(text)-1]), iotest.ErrReader(broken))); !errors.Is(err, broken) || errors.Is(err, ErrUnknown) {
			t.Errorf("%s, and a reader that fails: %v", text, err)
		}
	}
}

// TestArchives: what is in an archive is told by its first file, and what is none is refused.
func TestArchives(t *testing.T) {
	var text bytes.Buffer
	z := gzip.NewWriter(&text)
	_, err := z.Write([]byte("no archive"))
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Of(&text); !errors.Is(err, ErrUnknown) {
		t.Errorf("%s, %v", got, err)
	}
}

// TestLongText: one text of a gigabyte does not take a gigabyte.
func TestLongText(t *testing.T) {
	r := io.MultiReader(strings.NewReader(`{"bomFormat":"CycloneDX","a":"`), io.LimitReader(endless('x'), 1<<30), strings.NewReader(`"}`))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Of(r); !errors.Is(err, ErrUnknown) || !errors.Is(err, errToken) {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 512<<20 {
		t.Errorf("%d MiB", took>>20)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// TestVectors recognises what others made, whether or not it is valid.
func TestVectors(t *testing.T) {
	for folder, kinds := range map[string]map[string]Kind{
		"vex":        {"csaf": CSAF, "openvex": OpenVEX, "cyclonedx-vex": CycloneDX},
		"vulnreport": {"trivy-json": Trivy, "sarif": SARIF, "grype-json": Grype, "cyclonedx-vuln-json": CycloneDX, "cyclonedx-vuln-xml": CycloneDX},
		"sbom":       {"cyclonedx-json": CycloneDX, "cyclonedx-xml": CycloneDX, "spdx-json": SPDX, "spdx-tagvalue": SPDX},
	} {
		dir := vectors.Dir(t, folder)
		var rows []struct{ File, Kind, Expect, Class string }
		vectors.Manifest(t, dir, &rows)
		for _, row := range rows {
			f, err := os.Open(filepath.Join(dir, row.File))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Of(f)
			_ = f.Close()
			if want := kinds[row.Kind]; row.Expect == "accept" && got != want {
				t.Errorf("%s/%s: %s, %v; want %s", folder, row.File, got, err, want)
			} else if row.Expect != "accept" && got != want && !errors.Is(err, ErrUnknown) {
				t.Errorf("%s/%s (%s): %s, %v", folder, row.File, row.Class, got, err)
			}
		}
	}
}

// TestTimestampVectors: tokens and responses, good or bad, are timestamps.
func TestTimestampVectors(t *testing.T) {
	dir := vectors.Dir(t, "tsa")
	var rows []struct{ File, Expect string }
	vectors.Manifest(t, dir, &rows)
	for _, row := range rows {
		text, err := os.ReadFile(filepath.Join(dir, row.File))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Of(bytes.NewReader(text)); row.Expect == "accept" && got != Timestamp {
			t.Errorf("%s: %s, %v", row.File, got, err)
		}
	}
}

func FuzzOf(f *testing.F) {
	for text := range samples {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Of(bytes.NewReader(text))
		if (err == nil) != (got != "") || err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("%s, %v", got, err)
		}
		again, _ := Of(iotest.HalfReader(bytes.NewReader(text)))
		if got != again {
			t.Errorf("%s, and %s", got, again)
		}
	})
}
