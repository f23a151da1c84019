package trust_test

import (
	"strings"
	"testing"

	"stellad/attest/trust"
)

func parseSigners(t testing.TB, text string) (*trust.Trust, error) {
	t.Helper()
	return trust.Parse([]trust.File{{Name: "keys/k.pem", Bytes: []byte(newPEM(t))}, {Name: "signers.toml", Bytes: []byte(text)}})
}

func TestSigners(t *testing.T) {
	got, err := parseSigners(t, `
[require]
signatures = 2
log-entries = 0
timestamps = 1

[[signer]]
name = "pipeline"
identity = "https://example.test/build"
issuer-regexp = "^https://a\\.test|https://b\\.test$"
predicate-types = ["p"]

[[signer]]
key = "keys/k.pem"
`)
	if err != nil {
		t.Fatal(err)
	}
	first, second := got.Signers[0], got.Signers[1]
	if first.Where != "signers.toml:7" || second.Where != "signers.toml:13" {
		t.Errorf("lines %s and %s", first.Where, second.Where)
	}
	if want := (trust.Needs{Signatures: 2, LogEntries: 0, Timestamps: 1}); first.Needs != want || second.Needs != want {
		t.Errorf("needs %+v", first.Needs)
	}
	for text, want := range map[string]bool{
		"https://a.test": true, "https://b.test": true,
		"https://a.test.evil": false, "http://evil/https://b.test": false, "https://axtest": false, "": false,
	} {
		if first.Issuer.Matches(text) != want {
			t.Errorf("issuer %q matches: %v", text, !want)
		}
	}
	if !first.Accepts("p") || first.Accepts("q") || first.Accepts("") || !second.Accepts("q") || !second.Accepts("") {
		t.Error("predicate types")
	}
	if (trust.Match{}).Matches("") || (trust.Match{}).Matches("x") {
		t.Error("a zero Match matches")
	}
}

// TestGoverned: a signers.toml speaks for the keys in its folder and below, an
// appliance's too, and for no others.
func TestGoverned(t *testing.T) {
	const nobody = "[[signer]]\nidentity='a'\nissuer='b'\n"
	for key, toml := range map[string]struct {
		at   string
		free bool
	}{
		"keys/k.pem": {"signers.toml", false}, "x/keys/k.pem": {"signers.toml", false}, "x/keys/y/k.pem": {"x/signers.toml", false},
		"appliance/keys/k.pem": {"signers.toml", false}, "z/keys/k.pem": {"x/signers.toml", true}, "keys/x/k.pem": {"x/signers.toml", true},
	} {
		got, err := trust.Parse([]trust.File{{Name: key, Bytes: []byte(newPEM(t))}, {Name: toml.at, Bytes: []byte(nobody)}})
		if err != nil {
			t.Fatal(err)
		}
		free := false
		for _, s := range got.Signers {
			free = free || len(s.Keys) > 0
		}
		if len(got.Keys) != 1 || free != toml.free {
			t.Errorf("%s beside %s: free %v", key, toml.at, free)
		}
	}
}

func TestRefusedSigners(t *testing.T) {
	for _, c := range []struct{ name, text, reason string }{
		{"empty", "", "nobody would be accepted"},
		{"not TOML", "[[signer]", "line 1"},
		{"an unknown key", "[[signer]]\nkey = 'keys/k.pem'\nidentiy = 'x'\n", `line 3: unknown key "signer.identiy"`},
		{"an unknown table", "[required]\nsignatures = 1\n[[signer]]\nkey='keys/k.pem'\n", "unknown key"},
		{"a duplicate key", "[[signer]]\nkey = 'a'\nkey = 'b'\n", "line 3"},
		{"the wrong type", "[[signer]]\nkey = 1\n", "line 2"},
		{"a name alone", "[[signer]]\nname = 'x'\n", "line 1: identity is missing"},
		{"no issuer", "\n[[signer]]\nidentity = 'x'\n", "line 2: issuer is missing"},
		{"no identity", "[[signer]]\nissuer = 'x'\n", "identity is missing"},
		{"exact and pattern", "[[signer]]\nissuer='x'\nidentity='x'\nidentity-regexp='^x$'\n", "keep one"},
		{"no anchors", "[[signer]]\nissuer='x'\nidentity-regexp='x'\n", "must start with ^ and end with $"},
		{"one anchor", "[[signer]]\nissuer='x'\nidentity-regexp='^x'\n", "must start with ^ and end with $"},
		{"a bad pattern", "[[signer]]\nissuer='x'\nidentity-regexp='^($'\n", "identity-regexp"},
		{"a key and an identity", "[[signer]]\nkey='keys/k.pem'\nidentity='x'\n", "not both"},
		{"a key that is not there", "[[signer]]\nkey='keys/z.pem'\n", `"keys/z.pem" is not in this trust root`},
		{"a key outside", "[[signer]]\nkey='../k.pem'\n", "not in this trust root"},
		{"no signatures needed", "[require]\nsignatures=0\n[[signer]]\nkey='keys/k.pem'\n", "a number from 1 to 16"},
		{"a negative need", "[require]\nlog-entries=-1\n[[signer]]\nkey='keys/k.pem'\n", "a number from 0 to 16"},
		{"a need that none can meet", "[require]\ntimestamps=17\n[[signer]]\nkey='keys/k.pem'\n", "a number from 0 to 16"},
		{"no predicate types", "[[signer]]\nkey='keys/k.pem'\npredicate-types=[]\n", "leave the key out"},
		{"an empty predicate type", "[[signer]]\nkey='keys/k.pem'\npredicate-types=['']\n", "leave the key out"},
		{"the second signer is bad", "[[signer]]\nkey='keys/k.pem'\n\n[[signer]]\nname='x'\n", "line 4"},
	} {
		_, err := parseSigners(t, c.text)
		if err == nil || !strings.Contains(err.Error(), c.reason) || !strings.Contains(err.Error(), "signers.toml") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line with %q, got %v", c.name, c.reason, err)
		}
	}
}

// FuzzSigners holds that what is read as signers accepts nobody by accident.
func FuzzSigners(f *testing.F) {
	f.Add("[[signer]]\nidentity='a'\nissuer='b'\n")
	f.Add("[[signer]]\nkey='keys/k.pem'\n[[key]]\nfile='keys/k.pem'\nvalid-from='2026-03-01T08:00:00Z'\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseSigners(t, text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		for _, s := range got.Signers {
			if len(s.Keys) == 0 && (s.Identity.IsZero() || s.Issuer.IsZero()) || s.Needs.Signatures < 1 {
				t.Fatalf("accepts whoever comes: %+v", s)
			}
		}
	})
}
