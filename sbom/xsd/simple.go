package xsd

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"stellad/sbom/fault"
)

// simple is a simple type: a built-in one with facets, or a union.
type simple struct {
	builtin  string // xs:…, of the type or of what it restricts
	space    int    // what is done to white space before anything is looked at
	enum     map[string]bool
	patterns []*regexp.Regexp // each must match
	min, max *big.Rat         // of a number
	minLen   int
	maxLen   int // -1: any
	members  []*simple
}

const (
	preserve = iota
	replace
	collapse
)

func builtinType(local string) (*simple, error) {
	t := &simple{builtin: local, space: collapse, maxLen: -1}
	switch local {
	case "string":
		t.space = preserve
	case "normalizedString":
		t.space = replace
	case "positiveInteger":
		t.min = big.NewRat(1, 1)
	case "nonNegativeInteger":
		t.min = new(big.Rat)
	case "token", "anyURI", "boolean", "dateTime", "integer", "decimal":
	default:
		return nil, fmt.Errorf("xs:%s is not read", local)
	}
	return t, nil
}

// check gives what is wrong with a value, or nothing.
func (t *simple) check(text string) string {
	if t.members != nil {
		return t.checkUnion(text)
	}
	text = t.normal(text)
	if reason := t.lexical(text); reason != "" {
		return reason
	}
	if t.enum != nil && !t.enum[text] {
		return fault.Quote(text) + " is none of the values that are allowed"
	}
	for _, p := range t.patterns {
		if !p.MatchString(text) {
			return fault.Quote(text) + " does not match the pattern that is demanded"
		}
	}
	return t.checkSize(text)
}

func (t *simple) checkUnion(text string) string {
	for _, member := range t.members {
		if member.check(text) == "" {
			return ""
		}
	}
	return fault.Quote(text) + " is of none of the types that are allowed"
}

func (t *simple) checkSize(text string) string {
	if t.min != nil || t.max != nil {
		n, ok := new(big.Rat).SetString(text)
		if !ok || t.min != nil && n.Cmp(t.min) < 0 || t.max != nil && n.Cmp(t.max) > 0 {
			return fault.Quote(text) + " is out of range"
		}
		return ""
	}
	if n := utf8.RuneCountInString(text); n < t.minLen || t.maxLen >= 0 && n > t.maxLen {
		return "a text of " + strconv.Itoa(n) + " characters is too short or too long"
	}
	return ""
}

var blanks = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")

func (t *simple) normal(text string) string {
	switch t.space {
	case replace:
		return blanks.Replace(text)
	case collapse:
		return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) }), " ")
	}
	return text
}

// restrict narrows base by the facets that n has.
func (t *simple) restrict(facets []*node) (*simple, error) {
	narrowed := *t
	narrowed.enum = nil
	var patterns []string
	for _, f := range facets {
		if err := narrowed.facet(f, &patterns); err != nil {
			return nil, err
		}
	}
	if len(patterns) > 0 { // of one step, any of them
		p, err := compilePattern(strings.Join(patterns, "|"))
		if err != nil {
			return nil, err
		}
		narrowed.patterns = append(narrowed.patterns[:len(narrowed.patterns):len(narrowed.patterns)], p)
	}
	if narrowed.enum == nil {
		narrowed.enum = t.enum
	}
	return &narrowed, nil
}

func (t *simple) facet(f *node, patterns *[]string) (err error) {
	if err := f.only("value", ""); err != nil {
		return err
	}
	value := f.attrs["value"]
	switch f.tag {
	case "enumeration":
		if t.enum == nil {
			t.enum = map[string]bool{}
		}
		t.enum[t.normal(value)] = true
	case "pattern":
		*patterns = append(*patterns, value)
	case "minLength":
		t.minLen, err = strconv.Atoi(value)
	case "maxLength":
		t.maxLen, err = strconv.Atoi(value)
	case "minInclusive":
		t.min, err = ratio(value)
	case "maxInclusive":
		t.max, err = ratio(value)
	default:
		return fmt.Errorf("the facet xs:%s is not read", f.tag)
	}
	return err
}

func ratio(text string) (*big.Rat, error) {
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%q is no number", text)
	}
	return n, nil
}

// compilePattern makes a regular expression of XSD one of Go. They agree in
// what is used, but for these: XSD's match the whole, ^ and $ are characters,
// and . is no line's end.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			if strings.IndexByte(`\|.-^?*+{}()[]nrt`, pattern[i+1]) < 0 && (pattern[i+1] < ' ' || isWord(pattern[i+1])) {
				return nil, fmt.Errorf("the pattern %q is not read", pattern)
			}
			b.WriteString(pattern[i : i+2])
			i++
		case c == '[':
			class = true
			b.WriteByte(c)
		case c == ']':
			class = false
			b.WriteByte(c)
		case class:
			b.WriteByte(c)
		case c == '.':
			b.WriteString(`[^\n\r]`)
		case c == '^' || c == '$':
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return regexp.Compile(`\A(?:` + b.String() + `)\z`)
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
