package tagvalue

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"stellad/sbom/fault"
)

// Field is a tag with its value. Long says that the value has line breaks.
type Field struct {
	Section Section // a package's external references are its own
	Tag     string
	Value   string
	Line    int
	Long    bool
}

// reader holds fields against the rules.
type reader struct {
	lines
	big, within *record // the section under way, and the small one in it
	ids         map[[16]byte]struct{}
	visit       func(Field) error
}

// record is a section under way.
type record struct {
	section Section
	line    int
	tags    map[string]int
	sha1    int
	filesNo bool // FilesAnalyzed: false
}

// VersionError is the answer to a document of another version, or of none.
type VersionError struct{ Found string }

func (e *VersionError) Error() string { return "SPDXVersion: " + fault.Quote(e.Found) }

// Read holds the document in r against SPDX 2.3 and tells visit its fields in
// order; the first error of visit ends it and is given as it is. Other errors
// are a *fault.Error or what r says.
func Read(r io.Reader, visit func(Field) error) error {
	t := &reader{lines: lines{r: bufio.NewReaderSize(r, 64<<10)}, ids: map[[16]byte]struct{}{}, visit: visit}
	t.big = &record{section: Creation, line: 1, tags: map[string]int{}}
	err := t.document()
	if t.err != nil {
		return t.err
	}
	return err
}

func (t *reader) document() error {
	for {
		f, err := t.next()
		if errors.Is(err, io.EOF) {
			return t.closeBig()
		} else if err != nil {
			return err
		}
		if err := t.take(f); err != nil {
			return err
		}
	}
}

func (t *reader) take(f Field) error {
	rule, ok := tags[f.Tag]
	if f.Tag == "SPDXID" {
		rule, ok = spdxID[t.big.section]
	}
	if !ok {
		return fault.At(f.Line, "", "%s is no tag of SPDX 2.3 here", fault.Quote(f.Tag))
	}
	record, err := t.place(f, rule)
	if err != nil {
		return err
	}
	if record.tags[f.Tag]++; record.tags[f.Tag] > 1 && !rule.many {
		return fault.At(f.Line, f.Tag, "it stands twice in the %s that starts at line %d", rule.section, record.line)
	}
	if f.Long && !rule.long {
		return fault.At(f.Line, f.Tag, "a value of one line is expected")
	}
	if f.Tag == "SPDXVersion" && f.Value != "SPDX-2.3" {
		return &VersionError{f.Value}
	}
	if reason := rule.check(f.Value); reason != "" {
		return fault.At(f.Line, f.Tag, "%s", reason)
	}
	if err := t.remember(f, record); err != nil {
		return err
	}
	f.Section = t.big.section
	return t.visit(f)
}

// place finds, or begins, the section that a tag stands in.
func (t *reader) place(f Field, rule rule) (*record, error) {
	if small[rule.section] {
		return t.placeSmall(f, rule)
	}
	if err := t.closeSmall(); err != nil {
		return nil, err
	}
	switch {
	case rule.begins:
		if err := t.closeBig(); err != nil {
			return nil, err
		}
		t.big = &record{section: rule.section, line: f.Line, tags: map[string]int{}}
	case rule.section != t.big.section:
		return nil, fault.At(f.Line, f.Tag, "it belongs to a %s, and stands in a %s", rule.section, t.big.section)
	}
	return t.big, nil
}

// placeSmall lets the sections within others stand where they may: references
// in packages, artifacts in files, the rest anywhere.
func (t *reader) placeSmall(f Field, rule rule) (*record, error) {
	if !rule.begins {
		if t.within == nil || t.within.section != rule.section {
			return nil, fault.At(f.Line, f.Tag, "it does not follow the %s that it belongs to", rule.section)
		}
		return t.within, nil
	}
	if rule.section == reference && t.big.section != Package || rule.section == artifact && t.big.section != File {
		return nil, fault.At(f.Line, f.Tag, "it can't stand in a %s", t.big.section)
	}
	if err := t.closeSmall(); err != nil {
		return nil, err
	}
	t.within = &record{section: rule.section, line: f.Line, tags: map[string]int{}}
	return t.within, nil
}

func (t *reader) closeSmall() error {
	if t.within == nil {
		return nil
	}
	r := t.within
	t.within = nil
	return r.complete()
}

func (t *reader) closeBig() error {
	if err := t.closeSmall(); err != nil {
		return err
	}
	if err := t.big.complete(); err != nil {
		return err
	}
	switch {
	case t.big.section == File && t.big.sha1 != 1:
		return fault.At(t.big.line, "FileChecksum", "a file must have one SHA1, and has %d", t.big.sha1)
	case t.big.filesNo && t.big.tags["PackageVerificationCode"] > 0:
		return fault.At(t.big.line, "PackageVerificationCode", "a package whose files were not analyzed can't have one")
	}
	return nil
}

// required are the tags that each section must have.
var required = func() map[Section][]string {
	list := map[Section][]string{}
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if rule := tags[tag]; rule.required {
			list[rule.section] = append(list[rule.section], tag)
		}
	}
	for section := range spdxID {
		list[section] = append(list[section], "SPDXID")
	}
	return list
}()

// complete refuses a section that lacks a tag.
func (r *record) complete() error {
	for _, tag := range required[r.section] {
		if r.tags[tag] > 0 {
			continue
		}
		if tag == "SPDXVersion" {
			return &VersionError{}
		}
		return fault.At(r.line, "", "the %s that starts here has no %s", r.section, tag)
	}
	return nil
}

// remember notes what the section's end, or the document's, is judged by.
func (t *reader) remember(f Field, r *record) error {
	switch f.Tag {
	case "FileChecksum":
		if strings.HasPrefix(f.Value, "SHA1:") {
			r.sha1++
		}
	case "FilesAnalyzed":
		r.filesNo = f.Value == "false"
	case "SPDXID", "SnippetSPDXID":
		sum := sha256.Sum256([]byte(f.Value))
		key := [16]byte(sum[:16])
		if _, ok := t.ids[key]; ok {
			return fault.At(f.Line, f.Tag, "%s stands twice in the document", fault.Quote(f.Value))
		}
		t.ids[key] = struct{}{}
	}
	return nil
}
