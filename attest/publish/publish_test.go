package publish_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stellad/attest/publish"
	"stellad/attest/trust"
	"stellad/attest/tsa"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", file, diff)
	}
}

func p256Of(t testing.TB, seed byte) crypto.PublicKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{seed}, 32))
	must(t, err)
	return key.Public()
}

// stored gives certificates of testdata: a certificate's serial is random, so it is
// made once.
func stored(t *testing.T, name string) (leaf, root *x509.Certificate) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && *update {
		s := newSite(t, edKey(1))
		chain := s.Timestampers[0]
		text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain.Leaf.Raw}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain.Root.Raw})...)
		must(t, os.WriteFile(file, text, 0o644))
	}
	text, err := os.ReadFile(file)
	must(t, err)
	var certs []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		must(t, err)
		certs = append(certs, c)
	}
	return certs[0], certs[1]
}

// fixedAppliance has nothing random in it: two keys of each kind.
func fixedAppliance(t *testing.T) publish.Appliance {
	t.Helper()
	leaf, root := stored(t, "tsa.pem")
	later := start.AddDate(1, 0, 0)
	return publish.Appliance{
		Name: "stella.example",
		Keys: []publish.Key{
			{Label: "signing-2027", Public: p256Of(t, 2), Span: trust.Span{From: later}},
			{Label: "signing-2026", Public: p256Of(t, 1), Span: trust.Span{From: start, Until: later, Compromised: start.AddDate(0, 6, 0)}},
		},
		Logs:         []publish.Log{{Public: p256Of(t, 3), From: later}, {Public: edKey(1).Public(), From: start, Until: later}},
		Audit:        []crypto.PublicKey{edKey(3).Public(), edKey(2).Public()},
		Timestampers: []publish.Timestamper{{Leaf: leaf, Root: root, From: start}},
	}
}

func TestGoldenFiles(t *testing.T) {
	a := fixedAppliance(t)
	files, err := a.Files()
	must(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		golden(t, strings.ReplaceAll(f.Name, "/", "-"), f.Bytes)
	}
	want := []string{"keys/signing-2026.pem", "keys/signing-2027.pem", "logs/stella.example-audit.vkey", "logs/stella.example.vkey", "signers.toml", "trusted_root.json"}
	if !slices.Equal(names, want) {
		t.Errorf("files %q", names)
	}
	before := slices.Clone(a.Keys)
	for range 20 { // protojson varies its blanks from build to build, and maps their order from run to run
		slices.Reverse(a.Keys)
		slices.Reverse(a.Logs)
		slices.Reverse(a.Audit)
		again, err := a.Files()
		must(t, err)
		if diff := cmp.Diff(files, again); diff != "" {
			t.Fatal(diff)
		}
	}
	if !slices.Equal(a.Keys, before) && a.Keys[0].Label == "" {
		t.Error("the caller's lists were changed")
	}
}

func TestFilesRefused(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	for name, c := range map[string]struct {
		change func(*publish.Appliance)
		reason string
	}{
		"no name":                    {func(a *publish.Appliance) { a.Name = "" }, "not an appliance's name"},
		"a name with a port":         {func(a *publish.Appliance) { a.Name = "stella.example:443" }, "bare hostname"},
		"a name of Rekor v1":         {func(a *publish.Appliance) { a.Name = "stella - 42" }, "bare hostname"},
		"no key":                     {func(a *publish.Appliance) { a.Keys = nil }, "it needs a key"},
		"no log":                     {func(a *publish.Appliance) { a.Logs = nil }, "it needs a key, a log"},
		"no authority":               {func(a *publish.Appliance) { a.Timestampers = nil }, "a timestamping authority"},
		"a key on P-384":             {func(a *publish.Appliance) { a.Keys[0].Public = p384.Public() }, "cosign"},
		"a key of Ed25519":           {func(a *publish.Appliance) { a.Keys[0].Public = ed }, "signs no digest"},
		"no public key":              {func(a *publish.Appliance) { a.Keys[0].Public = nil }, "not a key for logged attestations"},
		"a label of a path":          {func(a *publish.Appliance) { a.Keys[0].Label = "../k" }, "no key's label"},
		"a hidden label":             {func(a *publish.Appliance) { a.Keys[0].Label = ".k" }, "no key's label"},
		"no label":                   {func(a *publish.Appliance) { a.Keys[0].Label = "" }, "no key's label"},
		"a label that ends a string": {func(a *publish.Appliance) { a.Keys[0].Label = "k\"\n[[signer]]" }, "no key's label"},
		"a long label":               {func(a *publish.Appliance) { a.Keys[0].Label = strings.Repeat("k", 65) }, "no key's label"},
		"a label twice":              {func(a *publish.Appliance) { a.Keys[0].Label = a.Keys[1].Label }, "twice"},
		"a key twice":                {func(a *publish.Appliance) { a.Keys[0].Public = a.Keys[1].Public }, "twice"},
		"a key without a start":      {func(a *publish.Appliance) { a.Keys[0].Span = trust.Span{Until: start} }, "no time from which it is valid"},
		"a key that ends first":      {func(a *publish.Appliance) { a.Keys[1].Span.Until = start.Add(-time.Second) }, "before valid-from"},
		"a log on P-384":             {func(a *publish.Appliance) { a.Logs[0].Public = p384.Public() }, "P-384"},
		"a log without a key":        {func(a *publish.Appliance) { a.Logs[0].Public = nil }, "not a usable verifier key"},
		"a log without a start":      {func(a *publish.Appliance) { a.Logs[0].From = time.Time{} }, "the log's key"},
		"a log that ends first":      {func(a *publish.Appliance) { a.Logs[1].Until = start.Add(-time.Second) }, "the log's key"},
		"a log twice":                {func(a *publish.Appliance) { a.Logs[0] = a.Logs[1] }, "a second log with ID"},
		"an audit log without a key": {func(a *publish.Appliance) { a.Audit[0] = nil }, "not a usable verifier key"},
		"an authority twice":         {func(a *publish.Appliance) { a.Timestampers = append(a.Timestampers, a.Timestampers[0]) }, "twice"},
		"no leaf":                    {func(a *publish.Appliance) { a.Timestampers[0].Leaf = nil }, "a leaf and a root"},
		"no root":                    {func(a *publish.Appliance) { a.Timestampers[0].Root = nil }, "a leaf and a root"},
		"a root that stamps":         {func(a *publish.Appliance) { a.Timestampers[0].Leaf = a.Timestampers[0].Root }, "distinct"},
		"a leaf for a root":          {func(a *publish.Appliance) { a.Timestampers[0].Root = newLeaf(t) }, "a leaf and a root"},
		"another's root":             {func(a *publish.Appliance) { a.Timestampers[0].Root = newSite(t, edKey(1)).Timestampers[0].Root }, "timestampAuthorities[0]"},
		"an authority with no start": {func(a *publish.Appliance) { a.Timestampers[0].From = time.Time{} }, "timestamping authority"},
		"an authority after its end": {func(a *publish.Appliance) { a.Timestampers[0].From = start.AddDate(20, 0, 0) }, "timestamping authority"},
	} {
		a := fixedAppliance(t)
		c.change(&a)
		files, err := a.Files()
		if !errors.Is(err, publish.ErrPublish) || files != nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
}

// newLeaf is a certificate of another authority that signs tokens.
func newLeaf(t *testing.T) *x509.Certificate {
	t.Helper()
	v := tsa.Validity{From: start, Until: start.AddDate(1, 0, 0)}
	rootKey := newP256(t)
	root, err := tsa.NewRoot(rootKey, "other", v)
	must(t, err)
	leaf, err := tsa.NewLeaf(root, rootKey, newP256(t).Public(), "other", v)
	must(t, err)
	return leaf
}
