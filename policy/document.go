package policy

import (
	"bytes"
	"fmt"

	"stellad/evidence/kind"
	"stellad/sbom"
)

// document reads a verified statement whose predicate is an SBOM. One in CycloneDX may be a report and VEX as well.
func (a *Assembly) document(s Source, k kind.Kind, text []byte) error {
	about, err := sbom.ReadDocument(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("its SBOM is refused: %w", err)
	}
	a.SBOM(s, about.Format, about.Version)
	if k != kind.CycloneDX {
		return nil
	}
	return a.vulnerabilities(s, text)
}

// vulnerabilities reads those that a document in CycloneDX has, if any, and what it says of them.
func (a *Assembly) vulnerabilities(s Source, text []byte) error {
	if !bytes.Contains(text, []byte(`"vulnerabilities"`)) {
		return nil
	}
	if err := a.report(s, "cyclonedx", text); err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(`"analysis"`)) {
		return nil
	}
	return a.vex(s, "cyclonedx", text)
}
