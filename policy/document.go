package policy

import (
	"bytes"
	"errors"
	"fmt"

	"stellad/evidence/kind"
	"stellad/policy/findings"
	"stellad/policy/vex"
	"stellad/sbom"
)

// SBOM tells of a verified SBOM. One in CycloneDX may be a scan report and VEX as well.
func (a *Assembly) SBOM(s Source, format, version string, text []byte) {
	a.facts.SBOMs = append(a.facts.SBOMs, SBOM{s, format, version})
	if err := a.vulnerabilities(s, text); err != nil {
		a.LeaveOut(s.Evidence, kind.CycloneDX, err.Error())
	}
}

// document reads a verified statement whose predicate is an SBOM.
func (a *Assembly) document(s Source, text []byte) error {
	about, err := sbom.ReadDocument(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("its SBOM is refused: %w", err)
	}
	a.SBOM(s, about.Format, about.Version, text)
	return nil
}

// vulnerabilities reads those that a document in CycloneDX has, if any, and what it says of them.
func (a *Assembly) vulnerabilities(s Source, text []byte) error {
	if k, err := kind.Of(bytes.NewReader(text)); err != nil || k != kind.CycloneDX {
		return nil
	}
	if len(text) > findings.MaxSize {
		return fmt.Errorf("whether it has vulnerabilities is not looked for in more than %d MiB", findings.MaxSize>>20)
	}
	switch err := a.report(s, "cyclonedx", text); {
	case errors.Is(err, findings.ErrNotReport):
		return nil
	case err != nil:
		return err
	}
	if text[0] == '<' || !bytes.Contains(text, []byte(`"analysis"`)) {
		return nil // VEX is read in JSON alone
	}
	return a.vex(s, vex.CycloneDX, text)
}
