package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/internal/cli"
)

// recordLines prints a JSON object a line.
type recordLines struct{ out io.Writer }

// writeJSONLine prints value on one line, with the bytes of the records in it as they are: no indentation, no escapes.
func writeJSONLine(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}

func (l recordLines) record(resp *stellav1.ListRecordsResponse) error {
	if _, err := parseRecord(resp.GetLine()); err != nil {
		return err
	}
	annotation := resp.GetAnnotation()
	if annotation == nil {
		annotation = map[string]string{}
	}
	return writeJSONLine(l.out, struct {
		Record     json.RawMessage   `json:"record"`
		Annotation map[string]string `json:"annotation"`
	}{resp.GetLine(), annotation})
}

func (recordLines) end() error { return nil }

// parseRecord reads a line of the daemon's. A type that this release does not know is no error.
func parseRecord(line []byte) (*audit.Record, error) {
	rec, err := audit.ParseLine(line)
	if err != nil {
		return nil, fmt.Errorf("the daemon sent no record: %w", err)
	}
	return rec, nil
}

// recordTable prints rows as they come: a column is as wide as what it had so far.
type recordTable struct {
	out    *bufio.Writer
	widths []int
	headed bool
}

var (
	recordColumns = []string{"seq", "time", "who", "type", "method", "target", "outcome", "said"}
	recordWidths  = []int{6, len(time.DateTime) + 1, 14, 8, 10, 10, 7}
)

// maxWidth is what a column grows to: a digest juts out of it, whole, and leaves the other rows as they are.
const maxWidth = 24

func newRecordTable(out *bufio.Writer) *recordTable {
	return &recordTable{out: out, widths: slices.Clone(recordWidths)}
}

func (t *recordTable) record(resp *stellav1.ListRecordsResponse) error {
	rec, err := parseRecord(resp.GetLine())
	if err != nil {
		return err
	}
	if err := t.head(); err != nil {
		return err
	}
	who, said := sayers(rec, resp.GetAnnotation())
	return t.row(strconv.FormatUint(rec.Seq, 10), rec.Time.Format(time.RFC3339), who, rec.Type,
		rec.Method[strings.LastIndexAny(rec.Method, "./")+1:], rec.Target, rec.Outcome, said)
}

func (t *recordTable) end() error { return t.head() }

func (t *recordTable) head() error {
	if t.headed {
		return nil
	}
	t.headed = true
	return t.row(recordColumns...)
}

func (t *recordTable) row(cells ...string) error {
	var line strings.Builder
	for i, cell := range cells {
		if cell == "" && i < len(t.widths) {
			cell = "-"
		}
		cell = cli.Visible(cell)
		line.WriteString(cell)
		if i < len(t.widths) {
			n := utf8.RuneCountInString(cell)
			if n <= maxWidth {
				t.widths[i] = max(t.widths[i], n)
			}
			line.WriteString(strings.Repeat(" ", max(t.widths[i]-n, 0)+2))
		}
	}
	_, err := fmt.Fprintln(t.out, strings.TrimRight(line.String(), " "))
	return err
}

// sayers gives who acted, by the kernel's word first and then by the annotation's, and what else the annotation says.
func sayers(rec *audit.Record, annotation map[string]string) (who, said string) {
	if rec.Actor != nil {
		who = fmt.Sprintf("uid:%d", rec.Actor.UID)
	}
	if name, ok := annotation["user"]; ok {
		who = strings.TrimSpace(who + " " + oneWord(name))
	}
	if rec.Note != "" && len(annotation) == 0 {
		return who, "(erased)"
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(annotation)) {
		if name != "user" {
			words = append(words, name+": "+annotation[name])
		}
	}
	return who, strings.Join(words, "; ")
}

// oneWord quotes what would look like several columns.
func oneWord(text string) string {
	if text == "" || strings.ContainsFunc(text, unicode.IsSpace) || strings.Contains(text, `"`) {
		return strconv.Quote(text)
	}
	return text
}
