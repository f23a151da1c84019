package vex

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	appDigest   = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	otherDigest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func example(t testing.TB, format string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", format+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t testing.TB, format, text string) []Statement {
	t.Helper()
	list, err := Parse(format, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// refusal is a document with one thing changed, and what must be said of it.
type refusal struct{ name, old, new, want string }

func refuse(t *testing.T, format string, rows []refusal) {
	t.Helper()
	base := example(t, format)
	parse(t, format, base)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			text := strings.Replace(base, row.old, row.new, 1)
			if text == base {
				t.Fatalf("%q is not in the example", row.old)
			}
			list, err := Parse(format, []byte(text))
			if err == nil {
				t.Fatalf("accepted: %+v", list)
			}
			if !errors.Is(err, ErrVEX) || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("it says %q, and %q is wanted in one line", err, row.want)
			}
		})
	}
}
