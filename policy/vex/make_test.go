package vex

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openvex/go-vex/pkg/vex"
)

var made = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func request() Request {
	return Request{
		Vulnerability: "CVE-2026-1000", Status: NotAffected, Justification: "the <parser> is not built in",
		Products: []Product{{Digests: []string{appDigest}}}, Author: "Example Org", Time: made,
	}
}

// upstream reads a document as go-vex does.
func upstream(t testing.TB, text []byte) *vex.VEX {
	t.Helper()
	doc, err := vex.Parse(text)
	if err != nil {
		t.Fatalf("go-vex does not read it: %v", err)
	}
	for i := range doc.Statements {
		if err := doc.Statements[i].Validate(); err != nil {
			t.Fatalf("go-vex refuses it: %v", err)
		}
	}
	return doc
}

func TestNew(t *testing.T) {
	text, err := New(request())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "tag:stella,2026:vex/eb56715258909e7906ffffa8948cf18acc24731ff83cd2f8fefa349f572b469f",
  "author": "Example Org",
  "timestamp": "2026-03-01T08:00:00Z",
  "version": 1,
  "statements": [
    {
      "vulnerability": {
        "name": "CVE-2026-1000"
      },
      "products": [
        {
          "hashes": {
            "sha-256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          }
        }
      ],
      "status": "not_affected",
      "impact_statement": "the <parser> is not built in"
    }
  ]
}
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	// The name can be checked: it is that of the document with none.
	id := documentID(t, text)
	sum := sha256.Sum256(bytes.Replace(text, []byte(id), nil, 1))
	if id != "tag:stella,2026:vex/"+hex.EncodeToString(sum[:]) {
		t.Errorf("the name %s is not made of %x", id, sum)
	}
	doc := upstream(t, text)
	if list := doc.Matches("CVE-2026-1000", strings.TrimPrefix(appDigest, "sha256:"), nil); len(list) != 1 {
		t.Errorf("go-vex finds %d statements on the digest", len(list))
	}
}

// TestNewForms makes what each status takes, and reads it again.
func TestNewForms(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Request)
		want   func(*Statement)
	}{
		"a label": {
			func(r *Request) { r.Justification = "component_not_present" },
			func(s *Statement) { s.Justification, s.Impact = "component_not_present", "" },
		},
		"a label and words": {
			func(r *Request) { r.Justification, r.Impact = "component_not_present", "removed" },
			func(s *Statement) { s.Justification, s.Impact = "component_not_present", "removed" },
		},
		"an expiry": {
			func(r *Request) { r.Expires = made.AddDate(0, 9, 0).In(time.FixedZone("", 3600)) },
			func(s *Statement) { s.Expires, s.Notes = made.AddDate(0, 9, 0), "Expires: 2026-12-01T08:00:00Z" },
		},
		"affected": {
			func(r *Request) { r.Status, r.Justification, r.Action = Affected, "", "update\nsoon" },
			func(s *Statement) { s.Status, s.Impact, s.Action = Affected, "", "update\nsoon" },
		},
		"fixed": {
			func(r *Request) { r.Status, r.Justification = Fixed, "" },
			func(s *Statement) { s.Status, s.Impact = Fixed, "" },
		},
		"under investigation": {
			func(r *Request) { r.Status, r.Justification = UnderInvestigation, "" },
			func(s *Statement) { s.Status, s.Impact = UnderInvestigation, "" },
		},
		"packages": {
			func(r *Request) {
				r.Products = []Product{purls(image, "pkg:docker/example/app@1.2").with(purls(openssl))}
			},
			func(s *Statement) {
				s.Products = []Product{purls(image, "pkg:docker/example/app@1.2").with(purls(openssl))}
			},
		},
		"a product twice": {
			func(r *Request) { r.Products = append(r.Products, r.Products[0]) },
			func(*Statement) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			c.change(&r)
			text, err := New(r)
			if err != nil {
				t.Fatal(err)
			}
			upstream(t, text)
			got := parse(t, OpenVEX, string(text))[0]
			want := Statement{
				ID: got.ID, Document: got.Document, Vulnerability: "CVE-2026-1000", Status: NotAffected, Impact: request().Justification,
				Author: "Example Org", Made: made, Products: request().Products,
			}
			c.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNewDeterministic(t *testing.T) {
	first, err := New(request())
	if err != nil {
		t.Fatal(err)
	}
	local := request()
	local.Time = local.Time.In(time.FixedZone("", 7200)).Add(time.Millisecond)
	second, err := New(local)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same second gives other bytes (%v):\n%s\n%s", err, first, second)
	}
	later := request()
	later.Time = later.Time.Add(time.Second)
	third, err := New(later)
	if err != nil || documentID(t, first) == documentID(t, third) {
		t.Errorf("another second has the same name (%v): %s", err, documentID(t, third))
	}
}

func documentID(t testing.TB, text []byte) string {
	t.Helper()
	var doc struct {
		ID string `json:"@id"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.ID
}

func TestNewRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Request)
		want   string
	}{
		"no vulnerability":            {func(r *Request) { r.Vulnerability = "" }, "--cve"},
		"two vulnerabilities":         {func(r *Request) { r.Vulnerability = "CVE-2026-1000 CVE-2026-2000" }, "no name of one"},
		"no author":                   {func(r *Request) { r.Author = " " }, "author is missing"},
		"no time":                     {func(r *Request) { r.Time = time.Time{} }, "time"},
		"no product":                  {func(r *Request) { r.Products = nil }, "--artifact"},
		"product of a name":           {func(r *Request) { r.Products = []Product{{Name: "app"}} }, `product "app" has neither`},
		"product of two digests":      {func(r *Request) { r.Products[0].Digests = []string{appDigest, otherDigest} }, "one digest"},
		"product of a short digest":   {func(r *Request) { r.Products[0].Digests = []string{"sha256:demo123"} }, `"sha256:demo123" is not`},
		"product of a digest in caps": {func(r *Request) { r.Products[0].Digests = []string{"sha256:" + strings.ToUpper(appDigest[7:])} }, "lower-case"},
		"product of another digest":   {func(r *Request) { r.Products[0].Digests = []string{"sha512:" + appDigest[7:]} }, "is not sha256:"},
		"product of no purl":          {func(r *Request) { r.Products = []Product{purls("app")} }, "no package URL"},
		"purl with an empty version":  {func(r *Request) { r.Products = []Product{purls("pkg:npm/a@")} }, "nothing stands after its @"},
		"part of nothing":             {func(r *Request) { r.Products = []Product{r.Products[0].with(Product{})} }, "neither"},
		"part of a part": {func(r *Request) {
			r.Products = []Product{r.Products[0].with(purls("pkg:npm/a").with(purls("pkg:npm/b")))}
		}, "has subcomponents"},
		"no such status":               {func(r *Request) { r.Status = "harmless" }, "none of not_affected, affected, fixed, under_investigation"},
		"status in capitals":           {func(r *Request) { r.Status = "Not_Affected" }, "none of not_affected"},
		"no justification":             {func(r *Request) { r.Justification = "" }, "--justification"},
		"blank justification":          {func(r *Request) { r.Justification = " \n" }, "--justification"},
		"impact without justification": {func(r *Request) { r.Justification, r.Impact = "", "none" }, "--justification"},
		"misspelt label":               {func(r *Request) { r.Justification = "component_not_presnet" }, "none of component_not_present"},
		"CycloneDX's label":            {func(r *Request) { r.Justification = "code_not_reachable" }, "none of component_not_present"},
		"words and an impact":          {func(r *Request) { r.Impact = "none" }, "give one"},
		"affected, no action":          {func(r *Request) { r.Status, r.Justification = Affected, "" }, "--action-statement"},
		"affected, a justification":    {func(r *Request) { r.Status, r.Action = Affected, "update" }, "affected takes no --justification"},
		"fixed, a justification":       {func(r *Request) { r.Status = Fixed }, "fixed takes no --justification"},
		"investigated, justified":      {func(r *Request) { r.Status = UnderInvestigation }, "takes no --justification"},
		"fixed, an impact":             {func(r *Request) { r.Status, r.Justification, r.Impact = Fixed, "", "none" }, "--impact-statement"},
		"fixed, an action":             {func(r *Request) { r.Status, r.Justification, r.Action = Fixed, "", "update" }, "--action-statement"},
		"not affected, an action":      {func(r *Request) { r.Action = "update" }, "takes no --action-statement"},
		"expired":                      {func(r *Request) { r.Expires = made }, "it would expire at 2026-03-01T08:00:00Z"},
		"expired but for a fraction":   {func(r *Request) { r.Expires = made.Add(time.Millisecond) }, "it would expire"},
		"a year of five digits":        {func(r *Request) { r.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "status_notes"},
		"no UTF-8":                     {func(r *Request) { r.Justification = "\xff\xff" }, "UTF-8"},
		"control characters":           {func(r *Request) { r.Author = "\x1b[2J" }, "control character"},
		"too long":                     {func(r *Request) { r.Justification = strings.Repeat("a ", MaxText) }, "16384 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			c.change(&r)
			text, err := New(r)
			if err == nil || !errors.Is(err, ErrVEX) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is wanted, and it says %v\n%s", c.want, err, text)
			}
		})
	}
}

// TestWithdraw takes back a statement of each form, and finds that the later
// one is about what the first was about.
func TestWithdraw(t *testing.T) {
	for _, format := range []string{OpenVEX, CSAF, CycloneDX} {
		for _, s := range parse(t, format, example(t, format)) {
			if is, _ := s.About(app, finding); !is {
				continue
			}
			text, err := Withdraw(s, s.Document, "Example Org", made.AddDate(0, 1, 0), "we were wrong")
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			upstream(t, text)
			back := parse(t, OpenVEX, string(text))[0]
			if is, why := back.About(app, finding); !is {
				t.Errorf("%s: the withdrawal is not about what it withdraws: %s", format, why)
			}
			if back.Status != UnderInvestigation || !strings.Contains(back.Notes, s.Document) || !strings.Contains(back.Notes, s.Status) {
				t.Errorf("%s: %+v", format, back)
			}
			both := []Statement{back, s}
			Order(both)
			if both[1].ID != back.ID {
				t.Errorf("%s: the withdrawal is not the later", format)
			}
		}
	}
}

func TestWithdrawMany(t *testing.T) {
	s := Statement{Vulnerability: "CVE-2026-1000", Aliases: []string{"A", "A", " "}, Status: Fixed, Products: []Product{
		{Digests: []string{appDigest, otherDigest, "sha256:00", "sha3-256:00", "x:00"}},
		{PURLs: []string{"pkg:npm/a"}, Digests: []string{"x:00"}},
		{Name: "unknown"},
		purls("pkg:npm/a").with(Product{Name: "unknown"}),
	}}
	text, err := Withdraw(s, "urn:x", "Example Org", made, "why")
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, OpenVEX, string(text))[0]
	want := []Product{{Digests: []string{appDigest}}, {Digests: []string{otherDigest}}, {Digests: []string{"sha3-256:00"}}}
	if diff := cmp.Diff(want, got.Products); diff != "" || len(got.Aliases) != 1 {
		t.Errorf("%v %s", got.Aliases, diff)
	}
}

func TestWithdrawRefused(t *testing.T) {
	s := Statement{Vulnerability: "CVE-2026-1000", Status: Fixed, Made: made, Products: []Product{{Digests: []string{appDigest}}}}
	unknown := s
	unknown.Products = []Product{{Name: "app"}}
	for name, c := range map[string]struct {
		s                     Statement
		document, author, why string
		at                    time.Time
		want                  string
	}{
		"no why":          {s, "urn:x", "a", "", made.Add(time.Hour), "why"},
		"why in lines":    {s, "urn:x", "a", "one\nExpires: 2026-12-31T00:00:00Z", made.Add(time.Hour), "more than a line"},
		"no document":     {s, "", "a", "why", made.Add(time.Hour), "document"},
		"no author":       {s, "urn:x", "", "why", made.Add(time.Hour), "author"},
		"at the same":     {s, "urn:x", "a", "why", made, "can't be withdrawn before"},
		"before it":       {s, "urn:x", "a", "why", made.Add(-time.Hour), "can't be withdrawn before"},
		"unknown product": {unknown, "urn:x", "a", "why", made.Add(time.Hour), "product"},
	} {
		text, err := Withdraw(c.s, c.document, c.author, c.at, c.why)
		if err == nil || !errors.Is(err, ErrVEX) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// TestUpstream holds what is read here to go-vex: it reads all of it, and takes
// each statement.
func TestUpstream(t *testing.T) {
	doc := upstream(t, []byte(example(t, OpenVEX)))
	for i, s := range parse(t, OpenVEX, example(t, OpenVEX)) {
		theirs := doc.Statements[i]
		if string(theirs.Status) != s.Status || string(theirs.Vulnerability.Name) != s.Vulnerability || string(theirs.Justification) != s.Justification {
			t.Errorf("statement %d: %+v, and go-vex reads %+v", i, s, theirs)
		}
	}
	if diff := cmp.Diff(vex.Statuses(), Statuses()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(vex.Justifications(), Labels()); diff != "" {
		t.Error(diff)
	}
}
