package sbom_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/report"
	"stellad/attest/sign"
	"stellad/sbom"
)

func TestVerify(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	a := verify(t, s, signed(t, s, document))
	if !a.Verified || a.Reason != "" || len(a.Checks) != 9 {
		t.Errorf("%+v", a)
	}
	for _, c := range a.Checks {
		if c.State != report.Passed {
			t.Errorf("%+v", c)
		}
	}
}

func TestVerifyAsksForNoMoreThanIsGiven(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	a, err := sbom.Verify(bytes.NewReader(signed(t, s, document)), sbom.Expect{Verifier: s.Verifier()})
	must(t, err)
	if !a.Verified {
		t.Error(a.Reason)
	}
	for _, c := range a.Checks {
		open := c.Name == "subject" || c.Name == "SBOM document"
		if open != (c.State == report.NotDone) {
			t.Errorf("%+v", c)
		}
	}
}

func TestSameBytes(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	d, err := sbom.NewDraft(input(document))
	must(t, err)
	bundle := s.Bundle(d.Subjects(), d.Predicate())
	var first, second bytes.Buffer
	must(t, d.Write(&first, bundle))
	again, err := sbom.NewDraft(input(document))
	must(t, err)
	must(t, again.Write(&second, bundle))
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("made again, it is another")
	}
}

func TestWriteRefuses(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	d, err := sbom.NewDraft(input(document))
	must(t, err)
	good := string(s.Bundle(d.Subjects(), d.Predicate()))
	other := d.Predicate()
	other.JSON = []byte(`{"sbom":1}`)
	for name, bundle := range map[string]string{
		"no bundle":         "",
		"another statement": string(s.Bundle(d.Subjects(), other)),
		"another subject":   string(s.Bundle([]attest.Subject{attesttest.SubjectOf("x", nil)}, d.Predicate())),
		"another type":      string(s.Bundle(d.Subjects(), sign.Predicate{Type: "https://example.test/x", JSON: d.Predicate().JSON})),
		"no timestamp":      cut(t, good, `"timestampVerificationData":`, "}]}"),
		"no log entry":      cut(t, good, `"tlogEntries":`, "}]"),
		"no signature":      cut(t, good, `"signatures":`, "}]"),
		"two lines":         good + "\n" + good,
		"a blank after":     good + "\n",
	} {
		var b bytes.Buffer
		if err := d.Write(&b, []byte(bundle)); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

// cut leaves out a member of a JSON object, from its name to its value's end.
func cut(t testing.TB, text, name, end string) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, name)
	_, after, ends := strings.Cut(rest, end)
	if !ok || !ends {
		t.Fatalf("no %s", name)
	}
	if after[0] == ',' {
		return before + after[1:]
	}
	return strings.TrimSuffix(before, ",") + after
}

func TestWriteRefusesChangedSBOM(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	for name, change := range map[string]func([]byte) []byte{
		"a byte": func(b []byte) []byte { b[3] ^= 1; return b }, "shorter": func(b []byte) []byte { return b[1:] }, "longer": func(b []byte) []byte { return append(b, 0) },
	} {
		in, r := input(document), bytes.NewReader([]byte(document))
		in.SBOM = r
		d, err := sbom.NewDraft(in)
		must(t, err)
		bundle := s.Bundle(d.Subjects(), d.Predicate())
		r.Reset(change([]byte(document)))
		if d.Write(&bytes.Buffer{}, bundle) == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestDraftRefuses(t *testing.T) {
	for name, change := range map[string]func(*sbom.Input){
		"an SBOM that is not valid": func(in *sbom.Input) { in.SBOM = strings.NewReader("invalid") },
		"no subject":                func(in *sbom.Input) { in.Subject.Digest = nil },
		"a digest that is none":     func(in *sbom.Input) { in.Subject.Digest = map[string]string{"sha256": "demo123"} },
		"no scanner":                func(in *sbom.Input) { in.Metadata.Scanner.Name = "" },
		"a source without digest":   func(in *sbom.Input) { in.Metadata.Sources[0].Digest = "" },
		"a source twice":            func(in *sbom.Input) { in.Metadata.Sources[0] = in.Metadata.Sources[1] },
		"an image of no digest":     func(in *sbom.Input) { in.Metadata.Scanner.Image = "latest" },
		"a database of no digest":   func(in *sbom.Input) { in.Metadata.Database.Digest = "sha256:" },
	} {
		in := input(document)
		change(&in)
		if _, err := sbom.NewDraft(in); err == nil {
			t.Errorf("%s: drafted", name)
		}
	}
}

func TestMetadata(t *testing.T) {
	good, err := metadata().Marshal()
	must(t, err)
	m, err := sbom.ParseMetadata(good)
	if err != nil || m.Scanner != metadata().Scanner || m.Sources[0].Name != "src/a" {
		t.Errorf("%+v %v", m, err)
	}
	for name, text := range map[string]string{
		"unknown": `{"version":1,"host":"build7",` + string(good[13:]), "version": `{"version":2,` + string(good[13:]), "no version": `{` + string(good[13:]),
		"blanks": " " + string(good), "no line feed": strings.TrimSpace(string(good)), "twice": `{"version":1,` + string(good[1:]),
		"order": strings.Replace(string(good), "src/a", "src/c", 1), "case": strings.Replace(string(good), "scanner", "Scanner", 1),
		"nothing": "", "null": "null\n", "a list": "[]\n", "digest": strings.Replace(string(good), "4444", "444g", 1),
	} {
		if _, err := sbom.ParseMetadata([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestReportForms(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	a := verify(t, s, signed(t, s, document))
	a.File = "demo<b>.tar.gz"
	for form, want := range map[report.Form][]string{
		report.JSON: {`"result": "pass"`, `"verified": true`}, report.HTML: {"Signed SBOM archive verification report", "VERIFIED", "demo&lt;b&gt;"},
		report.Markdown: {"# Signed SBOM archive verification report", "| log entry | pass |"},
	} {
		var b bytes.Buffer
		must(t, report.WriteArchive(&b, form, a))
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s lacks %q", form, w)
			}
		}
	}
}

func TestScriptIsInTheArchive(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	list := files(t, signed(t, s, document))
	i := slices.IndexFunc(list, func(f file) bool { return f.Name == "verify.sh" })
	if !bytes.Equal(list[i].Content, sbom.Script()) {
		t.Error("it is another")
	}
}
