package findings_test

import (
	"reflect"
	"testing"

	"stellad/policy/findings"
)

// fuzz holds what Parse says of any bytes to what it promises: the same twice, one line of what is refused, and reports in
// which all is as it should be.
func fuzz(f *testing.F, format string) {
	for _, text := range texts[format] {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := findings.Parse(format, text)
		again, errAgain := findings.Parse(format, text)
		if !reflect.DeepEqual(r, again) || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
			t.Fatalf("%+v %v, and again %+v %v", r, err, again, errAgain)
		}
		if err != nil {
			refused(t, r, err)
			return
		}
		if len(r.Findings) > findings.MaxFindings || r.Format != format && format != "vulns" {
			t.Fatalf("%s: %d findings of %s", format, len(r.Findings), r.Format)
		}
		sound(t, r)
	})
}

func FuzzGrype(f *testing.F)     { fuzz(f, "grype") }
func FuzzTrivy(f *testing.F)     { fuzz(f, "trivy") }
func FuzzCycloneDX(f *testing.F) { fuzz(f, "cyclonedx") }
func FuzzSARIF(f *testing.F)     { fuzz(f, "sarif") }
func FuzzVulns(f *testing.F)     { fuzz(f, "vulns") }
