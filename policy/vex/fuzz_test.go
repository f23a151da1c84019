package vex

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openvex/go-vex/pkg/vex"
)

// fuzz holds what Parse says of any bytes to what it promises.
func fuzz(f *testing.F, format string) {
	f.Add([]byte(example(f, format)))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Parse(format, text)
		if err != nil {
			if !errors.Is(err, ErrVEX) || strings.ContainsAny(err.Error(), "\n\r\x1b") || list != nil {
				t.Fatalf("refused with %q", err)
			}
			return
		}
		if len(list) == 0 {
			t.Fatal("accepted, and no statement")
		}
		for i := range list {
			promised(t, &list[i])
		}
	})
}

func promised(t *testing.T, s *Statement) {
	t.Helper()
	if strings.TrimSpace(s.Vulnerability) == "" || !slices.Contains(Statuses(), s.Status) || len(s.Products) == 0 {
		t.Fatalf("%+v", s)
	}
	if s.Justification != "" && (s.Status != NotAffected || !isLabel(s.Justification)) {
		t.Fatalf("justification: %+v", s)
	}
	for _, p := range s.Products {
		for _, digest := range p.Digests {
			if algorithm, _, ok := strings.Cut(digest, ":"); !ok || algorithm == "" {
				t.Fatalf("digest: %+v", p)
			}
		}
	}
	if is, why := s.About(app, finding); is == (why != "") || strings.ContainsAny(why, "\n\r\x1b") {
		t.Fatalf("%v and %q", is, why)
	}
	if is, _ := s.About(app, Finding{IDs: []string{"CVE-1999-0000-none"}, PURL: openssl}); is && s.Vulnerability != "CVE-1999-0000-none" && len(s.Aliases) == 0 {
		t.Fatalf("about another vulnerability: %+v", s)
	}
	if is, _ := s.About(Artifact{}, Finding{IDs: s.Names()}); is {
		t.Fatalf("about what nothing is known of: %+v", s)
	}
	text, err := Withdraw(*s, "urn:x", "a", time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), "why")
	if err == nil {
		parse(t, OpenVEX, string(text))
	}
}

func FuzzCSAF(f *testing.F)      { fuzz(f, CSAF) }
func FuzzCycloneDX(f *testing.F) { fuzz(f, CycloneDX) }
func FuzzOpenVEX(f *testing.F)   { fuzz(f, OpenVEX) }

// FuzzUpstream finds a document that is read here and not by go-vex, which
// would be one that two readers take for two.
func FuzzUpstream(f *testing.F) {
	f.Add([]byte(example(f, OpenVEX)))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Parse(OpenVEX, text)
		if err != nil {
			return
		}
		doc, err := vex.Parse(text)
		if err != nil {
			t.Fatalf("go-vex does not read it: %v", err)
		}
		for i, s := range list {
			theirs := doc.Statements[i]
			if err := theirs.Validate(); err != nil {
				t.Fatalf("go-vex refuses it: %v", err)
			}
			if string(theirs.Status) != s.Status || string(theirs.Vulnerability.Name) != s.Vulnerability || len(theirs.Products) != len(s.Products) {
				t.Fatalf("%+v, and go-vex reads %+v", s, theirs)
			}
		}
	})
}
