package report_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"stellad/attest"
	"stellad/attest/report"
)

// hostile are texts that a stranger's bundle may bring.
var hostile = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</td></tr></table><h1>VERIFIED</h1>", "-->]]></style></title><script>",
	"' onclick=alert(1) x='", "javascript:alert(1)", "{{.Title}}", "&lt;b&gt; &#60;",
	"a | b | c", `a \| b \\| c\`, "|---|---|", "`code` ``two`` ```three", "`", "a`|`b", "\\`*x*\\`",
	"[a](https://evil.example) ![b](https://evil.example)", "[x]: https://evil.example", "<https://evil.example>",
	"https://evil.example/ www.evil.example me@evil.example @someone #1 www.1", ":smile: $x$ ~~y~~ ==z==",
	"# heading", "- item", "1. item", "1) item", "> quote", "---", "===", "    code", "~~~", "*bold* _it_",
	"one\ntwo\r\nthree\n\n## VERIFIED\n", "| a |\n|---|\n| b |", "a\tb\vc\fd", "\u2028\u2029\u0085",
	"\u202Egnp.exe", "\u2066\u2069\u200f\u061c", "\x1b[2J\x00\x7f\u009b", "\xff\xfe\xc3(", "\xed\xa0\x80", "\ufeff\ufffe",
	strings.Repeat("\u0301", 200), strings.Repeat("long", 25_000), strings.Repeat("`", 100_000), strings.Repeat("| ", 50_000), strings.Repeat("<b>", 34_000),
	" ", "  two  ", "",
}

// tame is a text that is a value wherever it stands, as most hostile ones are.
const tame = "t=a"

func TestHostile(t *testing.T) {
	for _, text := range hostile {
		checkHostile(t, text)
	}
}

func FuzzHostile(f *testing.F) {
	for _, text := range hostile {
		if len(text) < 1000 {
			f.Add(text)
		}
	}
	f.Fuzz(checkHostile[*testing.T])
}

// checkHostile puts text into every field that holds one, and wants reports
// whose structure is that of tame ones.
func checkHostile[T testing.TB](t T, text string) {
	for _, states := range []bool{false, true} {
		if states && len(text) > 10_000 {
			continue // it takes long, and its length was tried
		}
		ours, theirs := filled(tame, states), filled(text, states)
		if got := write(t, report.JSON, theirs); !json.Valid(got) || !utf8.Valid(got) {
			t.Fatalf("%.40q: not JSON", text)
		}
		html, markdown := string(write(t, report.HTML, theirs)), string(write(t, report.Markdown, theirs))
		holdsNothingHidden(t, text, html)
		holdsNothingHidden(t, text, markdown)
		if text == "" {
			continue // a fact without a value is left out
		}
		sameElements(t, text, html, string(write(t, report.HTML, ours)))
		sameMarks(t, text, markdown, string(write(t, report.Markdown, ours)))
	}
}

func holdsNothingHidden(t testing.TB, text, page string) {
	t.Helper()
	if !utf8.ValidString(page) {
		t.Fatalf("%.40q: not UTF-8", text)
	}
	if i := strings.IndexFunc(page, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
		t.Fatalf("%.40q: %+.40q is not seen", text, page[i:])
	}
	if len(page) > 2_000_000 {
		t.Fatalf("%.40q: %d bytes", text, len(page))
	}
}

// filled gives entries of all kinds whose every string is text; those of states
// only if asked, as most of the report hangs on these.
func filled(text string, states bool) []report.Entry {
	verified, refused := everything(), everything()
	refused.Verdict.Verified = false
	entries := []report.Entry{verified, refused, {Problem: "x"}}
	fill(reflect.ValueOf(entries), text, states)
	return entries
}

// everything is an entry in which no field is empty.
func everything() report.Entry {
	e, key := messageEntry(), keyEntry()
	v := e.Verdict
	v.Document.Line, v.NotAuthenticated = 3, []string{"x"}
	v.Established.Subjects, v.Established.PredicateType = key.Verdict.Established.Subjects, "x"
	v.Links = append(v.Links, attest.Link{Name: "log entry", State: attest.Held}, attest.Link{Name: "time", State: attest.Failed})
	return e
}

func fill(v reflect.Value, text string, states bool) {
	switch v.Kind() {
	case reflect.Pointer:
		fill(v.Elem(), text, states)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() && !v.Field(i).IsZero() {
				fill(v.Field(i), text, states)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), text, states)
		}
	case reflect.Map:
		v.Clear()
		v.SetMapIndex(reflect.ValueOf(text), reflect.ValueOf(text))
	case reflect.String:
		if states || v.Type() != reflect.TypeFor[attest.State]() {
			v.SetString(text)
		}
	}
}
