package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	stellav1 "stellad/api/stella/v1"
)

// evidenceAnswer is the JSON of a piece of evidence.
type evidenceAnswer struct {
	SHA256    string    `json:"sha256"` // of the document
	Kind      string    `json:"kind"`
	Size      uint64    `json:"size"` // bytes
	Predicate string    `json:"predicateType,omitempty"`
	Subjects  []string  `json:"subjects"`  // artifacts that it states itself
	Artifacts []string  `json:"artifacts"` // artifacts that whoever added it says it is about
	Verdict   string    `json:"verdict"`   // when it was last added
	Trust     string    `json:"trustSha256,omitempty"`
	Seq       uint64    `json:"seq"` // of its first record in the audit log
	Time      time.Time `json:"time"`
	UID       uint32    `json:"uid"`
}

func evidenceOf(e *stellav1.Evidence) evidenceAnswer {
	return evidenceAnswer{
		SHA256: e.GetSha256(), Kind: e.GetKind(), Size: e.GetSize(), Predicate: e.GetPredicateType(),
		Subjects: append([]string{}, e.GetSubjects()...), Artifacts: append([]string{}, e.GetArtifacts()...),
		Verdict: e.GetVerdict(), Trust: e.GetTrustSha256(), Seq: e.GetSeq(), Time: timeOf(e.GetTime()), UID: e.GetUid(),
	}
}

// about names the artifacts in a cell: the first, shortened, and how many more there are.
func (e evidenceAnswer) about() string {
	all := append(append([]string{}, e.Subjects...), e.Artifacts...)
	if len(all) == 0 {
		return "-"
	}
	algorithm, digits, _ := strings.Cut(all[0], ":")
	text := algorithm + ":" + digits[:min(shortDigest, len(digits))]
	if more := len(all) - 1; more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return text
}

// what is the kind, and of a statement what it states.
func (e evidenceAnswer) what() string {
	return strings.TrimSpace(cmp.Or(e.Kind, "-") + " " + e.Predicate)
}

// minPrefix is how many digits of a digest are enough to ask by.
const minPrefix = 6

// parseArtifact reads an artifact's digest or, where a prefix will do, the beginning of one: the algorithm is SHA-256
// unless it is named.
func parseArtifact(text string, prefix bool) (string, error) {
	algorithm, digits, named := strings.Cut(strings.ToLower(text), ":")
	if !named {
		algorithm, digits = "sha256", algorithm
	}
	whole := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
	switch {
	case whole == 0:
		return "", fmt.Errorf("%.20q is no algorithm; sha256:, sha384: or sha512: comes first", algorithm)
	case strings.Trim(digits, "0123456789abcdef") != "":
		return "", fmt.Errorf("%.80q is not hexadecimal; a digest is %s: and %d digits, as %ssum prints them", digits, algorithm, whole, algorithm)
	case len(digits) == whole:
		return algorithm + ":" + digits, nil
	case !prefix || len(digits) > whole:
		return "", fmt.Errorf("%d hexadecimal digits, not %d", len(digits), whole)
	case len(digits) < minPrefix:
		return "", fmt.Errorf("%d hexadecimal digits; at least %d are wanted", len(digits), minPrefix)
	}
	return algorithm + ":" + digits, nil
}

// parseDocument reads the SHA-256 of a document, or the beginning of it, with sha256: before it or without.
func parseDocument(text string) (string, error) {
	artifact, err := parseArtifact(text, true)
	digits, is := strings.CutPrefix(artifact, "sha256:")
	if err == nil && !is {
		err = errors.New("a document is named by its SHA-256")
	}
	return digits, err
}
