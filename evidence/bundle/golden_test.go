package bundle_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/trust"
	"stellad/evidence/bundle"
)

var update = flag.Bool("update", false, "make the golden bundles anew")

const golden = "testdata/golden"

// TestGolden: bundles of earlier days verify, by the trust root of theirs, and those that were tampered with are refused
// for the reason that stands in expect.json: "" for those that verify. `make fixtures` makes them anew.
func TestGolden(t *testing.T) {
	if *update {
		makeGolden(t)
	}
	text, err := os.ReadFile(filepath.Join(golden, "expect.json"))
	must(t, err)
	var expect map[string]string
	must(t, json.Unmarshal(text, &expect))
	roots, err := trust.Load(filepath.Join(golden, "trust"))
	must(t, err)
	there, err := filepath.Glob(filepath.Join(golden, "*.tar.gz"))
	must(t, err)
	if len(there) != len(expect) {
		t.Errorf("%d bundles, and %d are expected", len(there), len(expect))
	}
	for name, reason := range expect {
		f, err := os.Open(filepath.Join(golden, name))
		must(t, err)
		a, err := bundle.Verify(f, bundle.Expect{Verifier: attest.NewVerifier(roots)})
		_ = f.Close()
		if err != nil || a.Verified != (reason == "") || a.Reason != reason {
			t.Errorf("%s: %v %s, %v; want %s", name, a.Verified, a.Reason, err, reason)
		}
	}
}

// makeGolden makes a small bundle, a medium one, and of the small one what somebody may have done to it.
func makeGolden(t *testing.T) {
	t.Helper()
	must(t, os.RemoveAll(golden))
	must(t, os.MkdirAll(golden, 0o755))
	s, stranger := attesttest.NewSite(t, 1), attesttest.NewSite(t, 9)
	must(t, os.CopyFS(filepath.Join(golden, "trust"), os.DirFS(filepath.Join(s.Folder(), "trust"))))
	small := files(t, signed(t, s, input(s, 1)))
	all := map[string][]byte{
		"small.tar.gz": pack(t, small), "medium.tar.gz": signed(t, s, input(s, 20)), "of-another-appliance.tar.gz": signed(t, stranger, input(s, 1)),
		"cut-short.tar.gz": pack(t, small)[:2000], "extra.tar.gz": pack(t, append(slices.Clone(small), file{Name: "zzz", Content: []byte("more")})),
	}
	for i, f := range small {
		if short := strings.ReplaceAll(f.Name, "/", "-"); len(short) < 30 || strings.HasSuffix(f.Name, ".sigstore-bundle") {
			changed := slices.Clone(small)
			changed[i].Content = bytes.Clone(f.Content)
			changed[i].Content[len(f.Content)/2] ^= 1
			all["changed-"+short[:min(len(short), 30)]+".tar.gz"] = pack(t, changed)
		}
	}
	all["reordered.tar.gz"] = pack(t, append(slices.Clone(small[:7]), append([]file{small[8], small[7]}, small[9:]...)...))
	all["without-verdicts.tar.gz"] = pack(t, slices.DeleteFunc(slices.Clone(small), func(f file) bool { return f.Name == "about/verdicts.json" }))
	expect := map[string]string{}
	for name, text := range all {
		must(t, os.WriteFile(filepath.Join(golden, name), text, 0o600))
		expect[name] = verify(t, s, text).Reason
	}
	text, err := json.MarshalIndent(expect, "", "  ")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(golden, "expect.json"), append(text, '\n'), 0o600))
}
