// Package vex reads VEX documents, says which findings their statements are
// about, and makes new ones: OpenVEX 0.2.0, CSAF 2.0 (csaf_vex), CycloneDX
// 1.4–1.6.
//
// A statement takes a finding off an artifact's list, so a doubt is answered
// with no: what is not known to be about a finding is not about it, and a
// document that two readers could read two ways is refused. Who stands for a
// document, and whether its word counts, is a policy's business.
//
// docs/formats/vex.md has the forms, the mappings and the rules of matching.
package vex
