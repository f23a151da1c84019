package report_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"stellad/attest"
	"stellad/attest/report"
)

// hostile are texts that a stranger's bundle may bring.
var hostile = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</td></table><h1>VERIFIED</h1>",
	"a | b | c", "`code` ``two``", "[a](https://evil.test) ![b](https://evil.test)", "# heading\n\n## VERIFIED",
	"https://evil.test/ www.evil.test", "\u202Egnp.exe", "\x1b[2J\x00\x7f", "\xff\xfe", "line one\nline two\r\n- item",
	"*bold* _it_ ~no~ <b>", "&lt;b&gt; &#60;", strings.Repeat("long", 25_000), "",
}

// TestHostile puts each text into each field that holds one.
func TestHostile(t *testing.T) {
	for _, text := range hostile {
		entry := keyEntry()
		fill(reflect.ValueOf(&entry).Elem(), text)
		for _, form := range forms {
			got := write(t, form, []report.Entry{entry, entry})
			if !utf8.Valid(got) {
				t.Errorf("%s of %.20q: not UTF-8", form, text)
			}
			switch form {
			case report.HTML:
				holdsHTML(t, text, string(got))
			case report.Markdown:
				holdsMarkdown(t, text, string(got))
			case report.JSON:
				if !json.Valid(got) {
					t.Errorf("of %.20q: not JSON", text)
				}
			}
		}
	}
}

// fill sets every string below v, but for a link's state, which is never a stranger's.
func fill(v reflect.Value, text string) {
	if v.Type() == reflect.TypeFor[attest.State]() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Map:
		v.SetMapIndex(reflect.ValueOf(text), reflect.ValueOf(text))
	case reflect.String:
		v.SetString(text)
	}
}

// holdsHTML reads the page as strictly as XML, and wants the elements that the
// template has, as often as it has them.
func holdsHTML(t *testing.T, text, page string) {
	t.Helper()
	quiet := keyEntry()
	fill(reflect.ValueOf(&quiet).Elem(), "quiet")
	if text == "" {
		return // empty texts leave out what would say nothing
	}
	want := elements(t, string(write(t, report.HTML, []report.Entry{quiet, quiet})))
	if got := elements(t, page); !reflect.DeepEqual(got, want) {
		t.Errorf("%.20q changed the page's elements: %v, want %v", text, got, want)
	}
}

func elements(t *testing.T, page string) map[string]int {
	t.Helper()
	found := map[string]int{}
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			found[e.Name.Local]++
		}
	}
}

// holdsMarkdown wants each table row to have the cells of its head, and no mark
// of Markdown or HTML outside a code span.
func holdsMarkdown(t *testing.T, text, page string) {
	t.Helper()
	cells := 0
	for line := range strings.Lines(page) {
		bare := withoutSpans(line)
		for _, mark := range []string{"<", "](", "![", "://", "www."} {
			if i := strings.Index(bare, mark); i >= 0 && (i == 0 || bare[i-1] != '\\') {
				t.Fatalf("of %.20q: %q stands bare in %.200q", text, mark, line)
			}
		}
		n := strings.Count(bare, "|") - strings.Count(bare, `\|`)
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		if cells == 0 {
			cells = n
		}
		if n != cells {
			t.Fatalf("of %.20q: %d cell marks, want %d, in %.200q", text, n, cells, line)
		}
	}
}

func withoutSpans(line string) string {
	parts := strings.Split(line, "`")
	var kept strings.Builder
	for i, p := range parts {
		escaped := i > 0 && strings.HasSuffix(parts[i-1], `\`)
		if i%2 == 0 || escaped {
			kept.WriteString(p)
		}
	}
	return kept.String()
}
