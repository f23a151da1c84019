package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxSubjects is how many subjects a record of evidence names. Those of a document that has more stand in several records.
const MaxSubjects = 20

// Evidence is content that was taken in: what it is, which artifacts it is about, and what was found when it was verified.
// A later record of the same blob adds subjects and artifacts, and its verdict stands.
type Evidence struct {
	Artifact  string   `json:"artifact,omitzero"`  // a digest that whoever added it says it is about
	Blob      string   `json:"blob"`               // SHA-256, lower-case hex
	Kind      string   `json:"kind"`               // a word
	Predicate string   `json:"predicate,omitzero"` // the predicate type of a statement: a token
	Size      uint64   `json:"size"`               // bytes
	Subjects  []string `json:"subjects,omitzero"`  // digests that it states itself, ascending, at most MaxSubjects
	Trust     string   `json:"trust,omitzero"`     // SHA-256 of the trust root that the verdict stands on
	Verdict   string   `json:"verdict"`            // "verified", "refused", or "none": there is nothing to verify it by
}

func (e *Evidence) valid() error {
	if !isWord(e.Kind) || !isToken(e.Predicate) || e.Size > maxInteger || len(e.Subjects) > MaxSubjects {
		return fmt.Errorf("kind %.80q, predicate %.80q, %d bytes, %d subjects", e.Kind, e.Predicate, e.Size, len(e.Subjects))
	}
	switch {
	case e.Verdict == "none" && e.Trust != "", e.Verdict != "none" && e.Verdict != "verified" && e.Verdict != "refused":
		return fmt.Errorf("verdict %.80q by %.80q", e.Verdict, e.Trust)
	case e.Verdict != "none" && !isDigest(e.Trust):
		return fmt.Errorf("a verdict by %.80q", e.Trust)
	case e.Artifact != "" && !IsArtifact(e.Artifact):
		return fmt.Errorf("artifact %.80q", e.Artifact)
	}
	for _, s := range e.Subjects {
		if !IsArtifact(s) {
			return fmt.Errorf("subject %.80q", s)
		}
	}
	if !slices.IsSorted(e.Subjects) || len(slices.Compact(slices.Clone(e.Subjects))) != len(e.Subjects) {
		return errors.New("subjects that are not ascending")
	}
	return digest(e.Blob)
}

// artifacts are the algorithms by which artifacts are named, and how many digits a digest has.
var artifacts = map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}

// IsArtifact tells whether a text names an artifact: "sha256:", "sha384:" or "sha512:", and lower-case hex.
func IsArtifact(s string) bool {
	for algorithm, digits := range artifacts {
		if hex, ok := strings.CutPrefix(s, algorithm+":"); ok {
			return len(hex) == digits && only(hex, "0123456789abcdef")
		}
	}
	return false
}

// IsToken tells whether a text may stand where a record has a token.
func IsToken(s string) bool { return isToken(s) }
