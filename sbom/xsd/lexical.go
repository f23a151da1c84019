package xsd

import (
	"regexp"
	"strconv"
	"strings"

	"stellad/sbom/fault"
)

var (
	integer  = regexp.MustCompile(`\A[+-]?[0-9]{1,64}\z`)
	decimal  = regexp.MustCompile(`\A[+-]?([0-9]{1,64}(\.[0-9]{0,64})?|\.[0-9]{1,64})\z`)
	dateTime = regexp.MustCompile(`\A-?([1-9][0-9]{3,17}|0[0-9]{3})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,64})?(Z|[+-]([0-9]{2}):([0-9]{2}))?\z`)
)

// lexical gives what is wrong with a text as one of the built-in type.
func (t *simple) lexical(text string) string {
	ok := true
	switch t.builtin {
	case "boolean":
		ok = text == "true" || text == "false" || text == "1" || text == "0"
	case "integer", "positiveInteger", "nonNegativeInteger":
		ok = integer.MatchString(text)
	case "decimal":
		ok = decimal.MatchString(text)
	case "dateTime":
		ok = isDateTime(text)
	case "anyURI":
		ok = isReference(text)
	}
	if !ok {
		return fault.Quote(text) + " is no " + t.builtin
	}
	return ""
}

// isDateTime holds a text against XML Schema Part 2 §3.2.7.
func isDateTime(text string) bool {
	m := dateTime.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	part := func(i int) int { n, _ := strconv.Atoi(m[i]); return n } // digits, by the expression; none is 0
	year, month, day, hour, minute, second := part(1), part(2), part(3), part(4), part(5), part(6)
	switch {
	case year == 0, month < 1, month > 12, day < 1, day > days(year, month):
		return false
	case minute > 59, second > 59, part(10) > 59, part(9)*60+part(10) > 14*60:
		return false
	case hour == 24:
		return minute == 0 && second == 0 && strings.Trim(m[7], ".0") == ""
	}
	return hour < 24
}

func days(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

var (
	scheme = regexp.MustCompile(`\A[A-Za-z][A-Za-z0-9+.-]*:`)
	// A character that is no part of a URI is escaped before the text is taken for one (XML Schema Part 2 §3.2.17 by
	// way of XLink), so that it stands for an unreserved one here.
	unescaped = regexp.MustCompile("[\x00- \x7f<>\"{}|\\\\^`]")
	uriPath   = regexp.MustCompile(`\A([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*\z`)
	uriQuery  = regexp.MustCompile(`\A([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*\z`)
	authority = regexp.MustCompile(`\A(([A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(\[[^\[\]/?#]*\]|([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(:[0-9]*)?\z`)
)

// isReference holds a text against RFC 3986 §4.1, after what is to be escaped.
func isReference(text string) bool {
	text = unescaped.ReplaceAllLiteralString(inASCII(text), "_")
	text, fragment, _ := strings.Cut(text, "#")
	text, query, _ := strings.Cut(text, "?")
	if !uriQuery.MatchString(fragment) || !uriQuery.MatchString(query) {
		return false
	}
	absolute := scheme.MatchString(text)
	if absolute {
		_, text, _ = strings.Cut(text, ":")
	}
	if rest, ok := strings.CutPrefix(text, "//"); ok {
		host, _, _ := strings.Cut(rest, "/")
		return authority.MatchString(host) && uriPath.MatchString(rest[len(host):])
	}
	first, _, _ := strings.Cut(text, "/")
	return uriPath.MatchString(text) && (absolute || !strings.Contains(first, ":"))
}

// inASCII makes each character beyond ASCII an unreserved one.
func inASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return '_'
		}
		return r
	}, text)
}
