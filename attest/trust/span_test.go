package trust_test

import (
	"strings"
	"testing"
	"time"

	"stellad/attest/trust"
)

const accepted = "[[signer]]\nkey = 'keys/k.pem'\n"

func at(t testing.TB, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSpans(t *testing.T) {
	got, err := parseSigners(t, accepted+`
[[key]]
file = "keys/k.pem"
valid-from = "2026-03-01T08:00:00Z"
valid-until = "2027-03-01T08:00:00Z"

[[key]]
file = "./keys/../keys/k.pem"
compromised-from = "2026-11-01T00:00:00Z"
valid-until = "2028-03-01T08:00:00Z"
`)
	if err != nil {
		t.Fatal(err)
	}
	want := trust.Span{From: at(t, "2026-03-01T08:00:00Z"), Until: at(t, "2027-03-01T08:00:00Z"), Compromised: at(t, "2026-11-01T00:00:00Z")}
	if span := got.Span(got.Keys[0].ID); span != want {
		t.Errorf("span %+v", span)
	}
	if !got.Span("another").IsZero() || !trust.None().Span(got.Keys[0].ID).IsZero() {
		t.Error("a span of a key that nobody named")
	}
}

// Which times a span permits: those at its ends are within, that of the compromise
// is not, and without a proven time nothing is.
func TestPermits(t *testing.T) {
	span := func(from, until, compromised string) trust.Span {
		return trust.Span{From: at(t, from), Until: at(t, until), Compromised: at(t, compromised)}
	}
	const a, b, c = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-12-01T00:00:00Z"
	for _, row := range []struct {
		span trust.Span
		at   string
		want string // the reason, or "" where it stands
	}{
		{span("", "", ""), "", ""},
		{span("", "", ""), b, ""},
		{span(a, "", ""), "", "no time is proven"},
		{span("", c, ""), "", "no time is proven"},
		{span("", "", c), "", "is compromised from 2026-12-01T00:00:00Z on, and no time is proven"},
		{span(a, c, ""), a, ""},
		{span(a, c, ""), c, ""},
		{span(a, c, ""), "2025-12-31T23:59:59Z", "valid from"},
		{span(a, c, ""), "2026-12-01T00:00:01Z", "valid until"},
		{span(a, "", b), "2026-05-31T23:59:59Z", ""},
		{span(a, "", b), b, "compromised"},
		{span(a, "", b), c, "compromised"},
		{span(b, "", a), b, "compromised"},
		{span(c, a, ""), b, "valid from"},
		{span("", a, c), b, "valid until"},
	} {
		err := row.span.Permits(at(t, row.at))
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v at %q: %v, want %q", row.span, row.at, err, row.want)
		}
	}
}

// What is said of a key holds for it in every file of the trust root.
func TestSpanIsTheKeys(t *testing.T) {
	pem := []byte(newPEM(t))
	got, err := trust.Parse([]trust.File{
		{Name: "a/keys/k.pem", Bytes: pem},
		{Name: "b/keys/again.pem", Bytes: pem},
		{Name: "a/signers.toml", Bytes: []byte(accepted + "[[key]]\nfile='keys/k.pem'\ncompromised-from='2026-11-01T00:00:00Z'\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Signers) != 2 || got.Keys[0].ID != got.Keys[1].ID || got.Span(got.Keys[1].ID).Compromised.IsZero() {
		t.Errorf("%+v", got.Signers)
	}
}

// Where one signers.toml stands above another, the upper one says who is accepted; and
// what the lower one says of its keys' times holds all the same.
func TestUpperGoverns(t *testing.T) {
	pem := []byte(newPEM(t))
	published := trust.File{Name: "appliance/signers.toml", Bytes: []byte(accepted + "[[key]]\nfile='keys/k.pem'\nvalid-from='2026-03-01T08:00:00Z'\n")}
	for name, c := range map[string]struct {
		upper string
		where string // of the one signer that has keys
	}{
		"no upper one":            {"", "appliance/signers.toml:1"},
		"one that names nobody":   {"[[signer]]\nidentity='a'\nissuer='b'\n", ""},
		"one that names the key":  {"[[signer]]\nkey='appliance/keys/k.pem'\npredicate-types=['p']\n", "signers.toml:1"},
		"one that compromises it": {"[[signer]]\nidentity='a'\nissuer='b'\n[[key]]\nfile='appliance/keys/k.pem'\ncompromised-from='2026-04-01T00:00:00Z'\n", ""},
	} {
		files := []trust.File{{Name: "appliance/keys/k.pem", Bytes: pem}, published}
		if c.upper != "" {
			files = append(files, trust.File{Name: "signers.toml", Bytes: []byte(c.upper)})
		}
		got, err := trust.Parse(files)
		if err != nil {
			t.Fatal(name, err)
		}
		where := ""
		for _, s := range got.Signers {
			if len(s.Keys) > 0 {
				where += s.Where
			}
		}
		span := got.Span(got.Keys[0].ID)
		if where != c.where || span.From.IsZero() || span.Compromised.IsZero() == strings.Contains(name, "compromises") {
			t.Errorf("%s: accepted by %q, span %+v", name, where, span)
		}
	}
	_, err := trust.Parse([]trust.File{
		{Name: "appliance/keys/k.pem", Bytes: pem},
		{Name: "appliance/signers.toml", Bytes: []byte("[[signer]]\nkey='keys/other.pem'\n")},
		{Name: "signers.toml", Bytes: []byte("[[signer]]\nidentity='a'\nissuer='b'\n")},
	})
	if err == nil || !strings.Contains(err.Error(), "appliance/signers.toml: line 1") {
		t.Errorf("a lower file that is wrong: %v", err)
	}
}

func TestRefusedSpans(t *testing.T) {
	key := func(lines string) string { return accepted + "[[key]]\n" + lines }
	for _, c := range []struct{ name, text, reason string }{
		{"no signer", "[[key]]\nfile='keys/k.pem'\nvalid-from='2026-03-01T08:00:00Z'\n", "nobody would be accepted"},
		{"no file", key("valid-from='2026-03-01T08:00:00Z'\n"), "line 3: a [[key]] without its file"},
		{"nothing said", key("file='keys/k.pem'\n"), "says nothing"},
		{"a key that is not there", key("file='keys/z.pem'\nvalid-from='2026-03-01T08:00:00Z'\n"), `"keys/z.pem" is not in this trust root`},
		{"a key outside", key("file='../k.pem'\nvalid-from='2026-03-01T08:00:00Z'\n"), "not in this trust root"},
		{"an end before the start", key("file='keys/k.pem'\nvalid-from='2026-03-01T08:00:00Z'\nvalid-until='2026-03-01T07:59:59Z'\n"), "before valid-from"},
		{"another zone", key("file='keys/k.pem'\nvalid-from='2026-03-01T08:00:00+01:00'\n"), "want a time in UTC"},
		{"no zone", key("file='keys/k.pem'\nvalid-from='2026-03-01T08:00:00'\n"), "want a time in UTC"},
		{"a day", key("file='keys/k.pem'\ncompromised-from='2026-03-01'\n"), "compromised-from"},
		{"a fraction", key("file='keys/k.pem'\nvalid-until='2026-03-01T08:00:00.5Z'\n"), "valid-until"},
		{"small letters", key("file='keys/k.pem'\nvalid-until='2026-03-01t08:00:00z'\n"), "valid-until"},
		{"no day of the calendar", key("file='keys/k.pem'\nvalid-until='2026-02-30T08:00:00Z'\n"), "valid-until"},
		{"before all keys", key("file='keys/k.pem'\nvalid-until='0001-01-01T00:00:00Z'\n"), "want a time in UTC"},
		{"TOML's own time", key("file='keys/k.pem'\nvalid-from=2026-03-01T08:00:00Z\n"), "cannot stand here"},
		{"an unknown key", key("file='keys/k.pem'\ncompromised='2026-03-01T08:00:00Z'\n"), `unknown key "key.compromised"`},
		{"another case", key("file='keys/k.pem'\nValid-From='2026-03-01T08:00:00Z'\n"), "unknown key"},
		{"the key of a signer", "[[signer]]\nkey='keys/k.pem'\ncompromised-from='2026-03-01T08:00:00Z'\n", "unknown key"},
		{"the second is wrong", key("file='keys/k.pem'\nvalid-from='2026-03-01T08:00:00Z'\n[[key]]\nfile='x'\n"), "line 6"},
	} {
		_, err := parseSigners(t, c.text)
		if err == nil || !strings.Contains(err.Error(), c.reason) || !strings.Contains(err.Error(), "signers.toml") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line with %q, got %v", c.name, c.reason, err)
		}
	}
}
