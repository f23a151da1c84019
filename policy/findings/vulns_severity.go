package findings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"stellad/policy/cvss"
	"stellad/sbom/fault"
)

// finding is in no package: the format has no place for one.
func (v vulnsVulnerability) finding(path string) (Finding, error) {
	f := Finding{ID: v.ID}
	ratings, err := v.ratings(path)
	if err != nil {
		return f, err
	}
	var words []string
	for _, s := range ratings {
		score, word, err := s.read(path)
		if err != nil {
			return f, err
		}
		f.Scores, words = append(f.Scores, score...), append(words, word)
	}
	f.Severity = worst(words)
	return f, nil
}

// read gives the score that a rating has, as a vector or a number, or else its word.
func (s vulnsSeverity) read(path string) (score []Score, word string, err error) {
	stated := strings.TrimSpace(s.Score)
	switch {
	case !onScale(s.Method):
		return nil, "", nil
	case isVector(stated):
		return []Score{{By: source(s.Method), Vector: stated}}, "", nil
	case isNumber(stated):
		value, err := number(path+"/severity", stated)
		return []Score{{By: source(s.Method), Stated: value}}, "", err
	}
	return nil, severity(stated), nil
}

// ratings are a list, and in the wording of the specification one object.
func (v vulnsVulnerability) ratings(path string) ([]vulnsSeverity, error) {
	switch v.Severity.Kind() {
	case '[':
		list, err := decode[each[vulnsSeverity]](v.Severity)
		if err != nil {
			return nil, fmt.Errorf("in %s/severity: %w", path, err)
		}
		return *list, nil
	case '{':
		one, err := decode[vulnsSeverity](v.Severity)
		if err != nil {
			return nil, fmt.Errorf("in %s/severity: %w", path, err)
		}
		return []vulnsSeverity{*one}, nil
	case 0, 'n':
		return nil, nil
	}
	return nil, fault.At(0, path+"/severity", "a list is expected")
}

// onScale leaves out methods whose numbers are not CVSS's.
func onScale(method string) bool {
	word := strings.ToLower(method)
	return !strings.Contains(word, "epss") && !strings.Contains(word, "ssvc") && !strings.Contains(word, "owasp")
}

func isNumber(stated string) bool {
	_, err := strconv.ParseFloat(stated, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

func isVector(stated string) bool {
	_, err := cvss.Score(stated)
	return err == nil || strings.HasPrefix(stated, "CVSS:")
}
