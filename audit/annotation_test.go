package audit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAnnotationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Annotation{
			Seq:  rapid.Uint64Range(0, maxInteger).Draw(t, "seq"),
			Salt: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt")),
			Text: rapid.MapOfN(rapid.StringMatching(`[A-Za-z][A-Za-z0-9_.-]{0,8}`), rapid.String(), 1, 4).Draw(t, "text"),
		}
		line, err := a.Line()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseAnnotation(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(&a, got); diff != "" {
			t.Fatal(diff)
		}
		// The hash, once more, as sed and sha256sum compute it from the line.
		_, rest, _ := bytes.Cut(line, []byte(","))
		if want := fmt.Sprintf("%x", sha256.Sum256(append([]byte("{"), rest...))); a.Hash() != want {
			t.Fatalf("hash %s, want %s", a.Hash(), want)
		}
	})
}

// TestAnnotationHashIsBound holds that the hash hangs on salt, names and text.
func TestAnnotationHashIsBound(t *testing.T) {
	a := Annotation{Seq: 3, Text: map[string]string{"reason": "why"}}
	salted := a
	salted.Salt[15] = 1
	for name, other := range map[string]Annotation{
		"salt": salted, "name": {Text: map[string]string{"reasons": "why"}}, "text": {Text: map[string]string{"reason": "why?"}},
	} {
		if other.Hash() == a.Hash() {
			t.Errorf("the hash does not hang on the %s", name)
		}
	}
	elsewhere := a
	if elsewhere.Seq = 4; elsewhere.Hash() != a.Hash() {
		t.Error("the hash hangs on the seq")
	}
}

func TestNoAnnotation(t *testing.T) {
	for _, a := range []Annotation{
		{},
		{Text: map[string]string{"": "x"}},
		{Text: map[string]string{"a b": "x"}},
		{Text: map[string]string{"a": "\xff"}},
		{Seq: 1 << 53, Text: map[string]string{"a": "x"}},
		{Text: map[string]string{"a": strings.Repeat("x", MaxLine)}},
	} {
		if line, err := a.Line(); !errors.Is(err, ErrAnnotation) {
			t.Errorf("%s, %v", line, err)
		}
	}
	const salt = `"salt":"000102030405060708090a0b0c0d0e0f"`
	for _, line := range []string{
		``, `{}`, `null`, `{"seq":1,"text":{"a":"x"}}`, `{"seq":1,` + salt + `}`, `{"seq":1,` + salt + `,"text":{}}`,
		`{"seq":1,` + salt + `,"text":{"a":1}}`, `{"seq":1,` + salt + `,"text":{"a":null}}`, `{"seq":1,` + salt + `,"text":["a"]}`,
		`{"seq":-1,` + salt + `,"text":{"a":"x"}}`, `{` + salt + `,"seq":1,"text":{"a":"x"}}`, `{"seq":1,` + salt + `,"text":{"b":"x","a":"x"}}`,
		`{"seq":1,` + salt + `,"text":{"a":"x","a":"x"}}`, `{"seq":1,` + salt + `,"text":{"a":"x"},"more":1}`, `{"seq":1,` + salt + `,"text":{"a":"x"}} `,
		`{"seq":1,"salt":"000102030405060708090A0B0C0D0E0F","text":{"a":"x"}}`, `{"seq":1,"salt":"00","text":{"a":"x"}}`,
		`{"seq":1,"salt":"000102030405060708090a0b0c0d0e0f00","text":{"a":"x"}}`, `{"seq":1,` + salt + `,"text":{"a":"\u0061"}}`,
	} {
		if a, err := ParseAnnotation([]byte(line)); !errors.Is(err, ErrAnnotation) {
			t.Errorf("%s: %+v, %v", line, a, err)
		}
	}
}

// TestDocumentedAnnotation holds the format's example to its golden record.
func TestDocumentedAnnotation(t *testing.T) {
	a := Annotation{Seq: 1043, Text: map[string]string{"reason": "not an administrator", "user": "jane"}}
	line, err := a.Line()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/formats/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, append(line, '\n')) || a.Hash() != golden()["denial.v1"].Note {
		t.Errorf("docs/formats/audit.md lacks %s", line)
	}
	for name, r := range golden() {
		if line, err := r.Line(); err != nil || !bytes.Contains(page, append(line, '\n')) {
			t.Errorf("docs/formats/audit.md lacks the golden record of %s: %v", name, err)
		}
	}
}
