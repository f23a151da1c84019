package audit

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// TestCells holds the table to what a spreadsheet, a terminal and an eye can't be
// fooled by.
func TestCells(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"plain":            "plain",
		"=1+1":             "'=1+1",
		"+1":               "'+1",
		"-1":               "'-1",
		"@SUM(A1)":         "'@SUM(A1)",
		"  =1":             "'  =1",
		"＝1":               "'＝1",
		"a=1":              "a=1",
		"\t=1":             `\u{9}=1`,
		"\r\n":             `\u{d}\u{a}`,
		`say "hi", he`:     `say ""hi"", he`,
		"\x1b[2J":          `\u{1b}[2J`,
		"abc\u202ecod.exe": `abc\u{202e}cod.exe`,
		"a\u200bb":         `a\u{200b}b`,
		"\U000e0041":       `\u{e0041}`,
		"Müller Γειά 日本 😀": "Müller Γειά 日本 😀",
	} {
		if got := string(appendCell(nil, in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// TestRowsAreOneRecord reads rows back as a CSV reader does.
func TestRowsAreOneRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		r := (&memory{}).record("call", map[string]string{"said": text})
		row := string(appendRow(nil, r, &Annotation{Text: map[string]string{"a": text, "b": "=2"}}))
		cells, err := csv.NewReader(strings.NewReader(tableHead + row)).ReadAll()
		if err != nil || len(cells) != 2 || strings.Count(row, "\n") != 1 {
			t.Fatalf("%q: %v", row, err)
		}
		for _, cell := range cells[1] {
			if strings.ContainsFunc(cell, unicode.IsControl) || startsFormula(cell) {
				t.Fatalf("cell %q", cell)
			}
		}
	})
}
