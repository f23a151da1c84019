package audit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tableHead is the first line of table.csv. docs/formats/audit.md §7.
const tableHead = "seq,time,type,uid,gid,socket,method,target,outcome,request,annotation,body\n"

// appendRow writes a record as a row for people: every field in quotes, what could
// fool a terminal or a reader's eye escaped, and nothing that a spreadsheet takes
// for a formula. note is nil where there is none or it is erased.
func appendRow(table []byte, r *Record, note *Annotation) []byte {
	var uid, gid string
	if r.Actor != nil {
		uid, gid = strconv.FormatUint(uint64(r.Actor.UID), 10), strconv.FormatUint(uint64(r.Actor.GID), 10)
	}
	fields := [...]string{
		strconv.FormatUint(r.Seq, 10), r.Time.Format(timeLayout), r.Type, uid, gid, r.Socket,
		r.Method, r.Target, r.Outcome, r.Request, note.words(), string(r.Body),
	}
	for i, field := range fields {
		if i > 0 {
			table = append(table, ',')
		}
		table = append(table, '"')
		table = appendCell(table, field)
		table = append(table, '"')
	}
	return append(table, '\n')
}

// words gives an annotation's text on one line, by name.
func (a *Annotation) words() string {
	if a == nil {
		return ""
	}
	parts := make([]string, 0, len(a.Text))
	for _, name := range slices.Sorted(maps.Keys(a.Text)) {
		parts = append(parts, name+": "+a.Text[name])
	}
	return strings.Join(parts, "; ")
}

func appendCell(table []byte, s string) []byte {
	if startsFormula(s) {
		table = append(table, '\'')
	}
	for _, c := range s {
		switch {
		case c == '"':
			table = append(table, `""`...)
		case isHidden(c):
			table = fmt.Appendf(table, `\u{%x}`, c)
		default:
			table = utf8.AppendRune(table, c)
		}
	}
	return table
}

// startsFormula reports whether a spreadsheet may take a cell for a formula: what
// begins, after blanks, with = + - @ or their full-width forms.
func startsFormula(s string) bool {
	c, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " "))
	return strings.ContainsRune("=+-@＝＋－＠", c)
}

// hidden are the code points that show nothing, turn the text around or drive a
// terminal, as ranges.
var hidden = [...][2]rune{
	{0x00, 0x1f},
	{0x7f, 0x9f},
	{0xad, 0xad},
	{0x61c, 0x61c},
	{0x180e, 0x180e},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0xfeff, 0xfeff},
	{0xfff9, 0xfffb},
	{0xe0000, 0xe0fff},
}

func isHidden(c rune) bool {
	if c >= 0x20 && c < 0x7f {
		return false
	}
	return slices.ContainsFunc(hidden[:], func(r [2]rune) bool { return c >= r[0] && c <= r[1] })
}
