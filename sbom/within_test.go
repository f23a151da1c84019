package sbom_test

import (
	"bytes"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/report"
	"stellad/attest/sealed"
	"stellad/sbom"
)

// TestSignaturesWithin: each signature that stands in the SBOM is reported, and none is taken for verified.
func TestSignaturesWithin(t *testing.T) {
	const jsf = `"signature":{"algorithm":"ES256","keyId":"maker-key","value":"AAAA"}`
	text := `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"tools":{"components":[{"type":"application","name":"maker","version":"2.1"}]}},` +
		`"components":[{"type":"library","name":"a",` + jsf + `},{"type":"library","name":"b"}],` + jsf + `}`
	s := attesttest.NewSite(t, 1)
	draft, err := sbom.NewDraft(sbom.Input{
		SBOM: strings.NewReader(text), Subject: attest.Subject{Digest: map[string]string{"sha256": sealed.Sum(artifact)}}, Read: sbom.ReadDocument,
	})
	must(t, err)
	var b bytes.Buffer
	must(t, draft.Write(&b, s.Bundle(draft.Subjects(), draft.Predicate())))
	a, err := sbom.Verify(bytes.NewReader(b.Bytes()), sbom.Expect{Verifier: s.Verifier(), Read: sbom.ReadDocument})
	must(t, err)
	var within []string
	for _, c := range a.Checks {
		if c.Name == "signature within" {
			within = append(within, c.Reason)
			if c.State != report.NotDone {
				t.Errorf("%+v", c)
			}
		}
	}
	if all := strings.Join(within, "\n"); !a.Verified || len(within) != 2 || strings.Count(all, "ES256, key maker-key: it is not verified here") != 2 || !strings.Contains(all, "/components/0") {
		t.Errorf("%v %s", a.Verified, all)
	}
}

// FuzzVerify: what was not signed is not verified, and nothing ends the program.
func FuzzVerify(f *testing.F) {
	s := attesttest.NewSite(f, 1)
	good := signed(f, s, document)
	f.Add(good)
	for _, n := range []int{1, 30, len(good) / 2, len(good) - 1} {
		f.Add(good[:n])
	}
	for _, one := range files(f, good) {
		f.Add(pack(f, []file{one}))
	}
	verifier := s.Verifier()
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := sbom.Verify(bytes.NewReader(text), sbom.Expect{Verifier: verifier, Read: read})
		if err != nil || a.Verified && !bytes.Equal(pack(t, files(t, text)), pack(t, files(t, good))) {
			t.Errorf("%+v %v", a, err)
		}
	})
}

// FuzzParseMetadata: what is read is in its one form.
func FuzzParseMetadata(f *testing.F) {
	good, err := metadata().Marshal()
	must(f, err)
	for _, text := range [][]byte{good, good[:len(good)/2], []byte("{}\n"), []byte(`{"version":1}` + "\n"), bytes.Replace(good, []byte("sha256"), []byte("sha512"), 1), append(good, good...)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := sbom.ParseMetadata(text)
		if err != nil {
			return
		}
		if again, err := m.Marshal(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q became %q, %v", text, again, err)
		}
	})
}
