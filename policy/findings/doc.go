// Package findings reads scan reports and says which vulnerabilities they find in which packages, and how bad each is.
//
// Reports are Grype's and Trivy's JSON (of Trivy SchemaVersion 2), CycloneDX 1.4 to 1.6 with vulnerabilities (JSON, XML), SARIF
// 2.1.0, and the predicates of in-toto vulns 0.1 and 0.2 and of cosign's vuln 1, whatever scanner's report the last have in them.
// What is read is the report's word. A report is read whole or refused: one that is cut short, says something twice, has no
// list where its findings would be, or a score that is no number from 0 to 10, is not a report with nothing found.
//
// A finding is what a report lists as found, whatever it says beside it: a CycloneDX analysis, a SARIF suppression or a Trivy
// status takes none away, since that is VEX's business, under VEX's rules. What a report does not list as found is none: Grype's
// ignoredMatches, Trivy's ExperimentalModifiedFindings, its secrets, licences and misconfigurations, and SARIF results that
// are of kind pass, informational or notApplicable, or absent from the run.
//
// The same vulnerability has several names. A CVE is preferred. Two CVEs are never one vulnerability: an advisory that has
// several is a finding of each of them (Merge).
//
// Scores are recomputed from their vectors (policy/cvss). Where a stated score differs, the worse counts and Rating.Differs
// tells; a vector that is none leaves the stated score. What nobody gives is unknown and never 0. SARIF's security-severity is a
// score without a vector, and 0 there is what tools write who have none.
//
// Severity words are critical, high, medium, low, none and unknown, in this order but that unknown is worse than none. Others
// are these: important is high, moderate and warning are medium, negligible, info, informational, note and unimportant are
// low, error is high. A word that Grype's or Trivy's lists do not have refuses the report; elsewhere it is unknown.
package findings
