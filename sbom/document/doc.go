// Package document reads one SBOM as a stream and says what it is, or refuses
// it: CycloneDX 1.4, 1.5 and 1.6 in JSON and XML, SPDX 2.3 in JSON and
// tag-value. The bytes say which of these it is, not a name.
//
// What is read was held, whole, against the specification's own schema or, for
// tag-value, its rules. Beyond a schema in JSON: every bom-ref and every SPDX
// identifier of an element stands once (CycloneDX, "MUST be unique within the
// BOM"; SPDX 2.3 §7.2, §8.2, §9.1), and SPDX identifiers have their form. That
// what is referred to is there is not checked.
//
// What it says is the document's word. Signatures within it are listed and not
// verified: they speak for no one before somebody has checked them, and whose
// key it was.
package document
