package findings

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"stellad/sbom/fault"
)

// check holds a finding to the caps, and its names and scores to what they may be.
func check(path string, f Finding) error {
	if f.ID == "" {
		return fault.At(0, path, "a finding without an ID")
	}
	switch {
	case len(f.Aliases) > maxEach:
		return fault.At(0, path, "more than %d aliases", maxEach)
	case len(f.Scores) > maxEach:
		return fault.At(0, path, "more than %d scores", maxEach)
	case len(f.Fixed) > maxEach:
		return fault.At(0, path, "more than %d fixed versions", maxEach)
	}
	for _, id := range append([]string{f.ID}, f.Aliases...) {
		if err := plain(path, id); err != nil {
			return err
		}
	}
	for _, text := range append([]string{f.Package.Name, f.Package.Version, f.Package.PURL}, f.Fixed...) {
		if len(text) > maxText { // and else as it is: real versions have a zero byte in them
			return fault.At(0, path, "a text of more than %d bytes: %s", maxText, fault.Quote(text))
		}
	}
	return checkScores(path, f.Scores)
}

func checkScores(path string, scores []Score) error {
	for _, s := range scores {
		if err := plain(path, s.By); err != nil {
			return err
		}
		if len(s.Vector) > maxText {
			return fault.At(0, path, "a vector of more than %d bytes", maxText)
		}
		if s.Stated != nil && !(*s.Stated >= 0 && *s.Stated <= 10) {
			return fault.At(0, path, "the score %v by %s: scores are from 0 to 10", *s.Stated, s.By)
		}
	}
	return nil
}

// plain refuses names that are too long, or would not print as they are.
func plain(path, text string) error {
	if len(text) > maxID {
		return fault.At(0, path, "a name of more than %d bytes: %s", maxID, fault.Quote(text))
	}
	odd := func(c rune) bool { return !unicode.IsPrint(c) && c != utf8.RuneError }
	if !utf8.ValidString(text) || strings.IndexFunc(text, odd) >= 0 {
		return fault.At(0, path, "a name with characters that do not print: %s", fault.Quote(text))
	}
	return nil
}
