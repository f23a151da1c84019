package findings

import (
	"slices"
	"strings"
)

// written are lines "Name: value" of the texts that Grype and Trivy write into SARIF, which has no place of its own for a
// package. The result's own message comes first: a rule of Trivy's is of one vulnerability in several packages.
type written []map[string]string

var proseNames = []string{"Package", "Installed Version", "Version", "Fixed Version", "Fix Version", "Severity"}

func prose(by string, result sarifResult, rules []*sarifRule) written {
	if by != "grype" && by != "trivy" {
		return nil
	}
	list := written{lines(result.Message.Text)}
	for _, r := range rules {
		list = append(list, lines(r.Help.Text))
	}
	return list
}

func lines(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, is := strings.Cut(line, ": ")
		if _, twice := found[name]; is && !twice && slices.Contains(proseNames, name) {
			found[name] = strings.TrimSpace(value)
		}
	}
	return found
}

// first gives the first line of one of these names.
func (w written) first(names ...string) string {
	for _, text := range w {
		for _, name := range names {
			if text[name] != "" {
				return text[name]
			}
		}
	}
	return ""
}

// pkg is the package that is written about. Its purl is in the properties of Grype's rules, which are of one package each.
func (w written) pkg(rules []*sarifRule) Package {
	p := Package{Name: w.first("Package"), Version: w.first("Installed Version", "Version")}
	if p.Name == "" {
		return Package{}
	}
	for _, r := range rules {
		if purls := texts(r.Properties["purls"]); len(purls) == 1 {
			p.PURL = purls[0]
		}
	}
	return p
}

// withoutPackage gives the vulnerability of an ID as Grype makes it for rules: "CVE-2020-1234-openssl".
func withoutPackage(id, name string) string {
	rest, is := strings.CutSuffix(id, "-"+name)
	if !is || name == "" || rest == "" {
		return id
	}
	return rest
}
