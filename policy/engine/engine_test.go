package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"stellad/policy/bundle"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestBuiltins: the list is sorted, OPA has all of it, and nothing in it reaches out of the worker or differs from one time
// to the next. OPA itself marks what does.
func TestBuiltins(t *testing.T) {
	all := Builtins()
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("builtins.txt is not sorted, or has a name twice")
	}
	for _, name := range all {
		b, known := ast.BuiltinMap[name]
		if !known || b.Nondeterministic {
			t.Errorf("%s: known %v, or differs from one time to the next", name, known)
		}
		for _, out := range []string{"http.", "net.lookup", "opa.", "time.now", "rand.", "uuid.rfc", "crypto.x509.", "io.jwt.", "providers."} {
			if strings.HasPrefix(name, out) {
				t.Errorf("%s is listed", name)
			}
		}
	}
	cut := Cut()
	if len(cut)+len(all) != len(ast.CapabilitiesForThisVersion().Builtins) {
		t.Errorf("%d are listed and %d cut, of %d", len(all), len(cut), len(ast.CapabilitiesForThisVersion().Builtins))
	}
	for _, name := range []string{"http.send", "net.lookup_ip_addr", "opa.runtime", "time.now_ns", "rand.intn", "uuid.rfc4122", "crypto.x509.parse_and_verify_certificates"} {
		if !slices.Contains(cut, name) {
			t.Errorf("%s is not cut", name)
		}
	}
	if net := capabilities().AllowNet; net == nil || len(net) > 0 { // nil would be any host
		t.Errorf("hosts %v are allowed", net)
	}
}

const passes = "package stella\n\ndecision := {\"gates\": []}\n"

// packed is a bundle of one module, with a manifest and data where there are any.
func packed(t testing.TB, module, manifest, data string) []byte {
	t.Helper()
	files := bundle.Files{"stella/policy.rego": []byte(module)}
	for name, text := range map[string]string{bundle.Manifest: manifest, "stella/data.json": data} {
		if text != "" {
			files[name] = []byte(text)
		}
	}
	text, err := bundle.Pack(files)
	must(t, err)
	return text
}

func TestLoadRefuses(t *testing.T) {
	for why, c := range map[string]struct {
		text []byte
		says string
	}{
		"nothing":                    {nil, "EOF"},
		"no archive":                 {[]byte("policy"), "archive"},
		"no Rego":                    {packed(t, "decision :=", "", ""), "policy.rego:1"},
		"another version of Rego":    {packed(t, "package stella\n\ndecision[x] { x := 1 }\n", "", ""), "policy.rego:3"},
		"what is cut":                {packed(t, "package stella\n\ndecision := time.now_ns()\n", "", ""), "time.now_ns"},
		"what nobody uses":           {packed(t, "package stella\n\ndecision if { x := 1 }\n", "", ""), "unused"},
		"a later version of input":   {packed(t, passes, `{"metadata":{"stella":{"input":2}}}`, ""), "metadata.stella.input is 2"},
		"a version that is a text":   {packed(t, passes, `{"metadata":{"stella":{"input":"1"}}}`, ""), "metadata.stella.input"},
		"a version of no number":     {packed(t, passes, `{"metadata":{"stella":{"input":null}}}`, ""), "metadata.stella.input"},
		"roots that leave files out": {packed(t, passes, `{"roots":["elsewhere"]}`, ""), "roots"},
	} {
		p, err := Load(t.Context(), c.text)
		if p != nil || !errors.Is(err, ErrPolicy) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for _, manifest := range []string{"", `{"metadata":{"stella":{"input":1}}}`, `{"metadata":{"other":{"input":7}}}`} {
		if _, err := Load(t.Context(), packed(t, passes, manifest, "")); err != nil {
			t.Errorf("%s: %v", manifest, err)
		}
	}
}

func TestDecide(t *testing.T) {
	for why, c := range map[string]struct {
		decision string
		want     string
		err      error
	}{
		"what facts say":          {"decision := input.a", "1", nil},
		"what comes beside them":  {"decision := input.more", `"x"`, nil},
		"the one beside wins":     {"decision := input.both", `"more"`, nil},
		"a rule that is not true": {"decision := 1 if input.a == 2", "", ErrUndefined},
		"another rule":            {"verdict := 1", "", ErrUndefined},
		"a function that fails":   {"decision := to_number(input.more)", "", ErrFailed},
		"a conflict":              {"decision := 1 if true\n\ndecision := 2 if true", "", ErrFailed},
	} {
		p, err := Load(t.Context(), packed(t, "package stella\n\n"+c.decision+"\n", "", ""))
		must(t, err)
		f, err := ReadFacts([]byte(`{"a":1,"both":"fact"}`))
		must(t, err)
		for range 2 { // the facts stay as they are
			got, err := p.Decide(t.Context(), f, map[string]any{"more": "x", "both": "more"})
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("%s: %s, %v", why, got, err)
			}
		}
	}
}

// TestDecideEnds: a context that ends is no answer.
func TestDecideEnds(t *testing.T) {
	p, err := Load(t.Context(), packed(t, "package stella\n\ndecision := count([1 | some i in numbers.range(1, 1000000); some j in numbers.range(1, 1000000); i == j])\n", "", ""))
	must(t, err)
	f, err := ReadFacts([]byte(`{}`))
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got, err := p.Decide(ctx, f, nil); got != nil || !errors.Is(err, ErrFailed) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestFactsAreAnObject(t *testing.T) {
	for _, text := range []string{"", "null", "[]", "1", `{"a":`} {
		if f, err := ReadFacts([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, f)
		}
	}
}

func TestParameters(t *testing.T) {
	const schema = `"schema":{"type":"object","required":["limit"],"additionalProperties":false,"properties":{"limit":{"type":"number","maximum":10}}}`
	for why, c := range map[string]struct{ data, says string }{
		"no data":                 {``, "names no environment"},
		"no environment":          {`{` + schema + `,"environments":{}}`, "names no environment"},
		"a list of environments":  {`{` + schema + `,"environments":[{"limit":1}]}`, "names no environment"},
		"no schema":               {`{"environments":{"a":{"limit":1}}}`, "there is none"},
		"a schema of no schema":   {`{"schema":{"type":7},"environments":{"a":{}}}`, "data.stella.schema"},
		"a schema from elsewhere": {`{"schema":{"$ref":"http://127.0.0.1:1/x"},"environments":{"a":{}}}`, "may not refer"},
		"a schema from a file":    {`{"schema":{"$ref":"file:///etc/passwd"},"environments":{"a":{}}}`, "may not refer"},
		"one that is missing":     {`{` + schema + `,"environments":{"a":{}}}`, `environment "a"`},
		"one of another type":     {`{` + schema + `,"environments":{"a":{"limit":1},"b":{"limit":"1"}}}`, `environment "b": limit`},
		"one beyond":              {`{` + schema + `,"environments":{"a":{"limit":11}}}`, "limit"},
		"one that is unknown":     {`{` + schema + `,"environments":{"a":{"limit":1,"limits":2}}}`, "limits"},
	} {
		p, err := Load(t.Context(), packed(t, passes, "", c.data))
		must(t, err)
		if err := p.CheckParameters(); !errors.Is(err, ErrPolicy) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", why, err)
		}
	}
	p, err := Load(t.Context(), packed(t, passes, `{"revision":"r1"}`, `{`+schema+`,"environments":{"b":{"limit":1},"a":{"limit":10}}}`))
	must(t, err)
	if err := p.CheckParameters(); err != nil || !slices.Equal(p.Environments(), []string{"a", "b"}) || p.Revision() != "r1" {
		t.Errorf("%v %v %q", err, p.Environments(), p.Revision())
	}
}

func TestTests(t *testing.T) {
	text := packed(t, passes+"\ntest_good if true\n\ntest_bad if count(decision.gates) == 1\n\ntest_fails if to_number(\"x\") == 1\n\ntodo_test_later if true\n", "", "")
	all, err := Tests(t.Context(), text)
	must(t, err)
	got := map[string]bool{}
	for _, one := range all {
		got[one.Name] = one.Passed
		if one.Passed != (one.Reason == "") {
			t.Errorf("%+v", one)
		}
	}
	if len(got) != 4 || !got["data.stella.test_good"] || got["data.stella.test_bad"] || got["data.stella.test_fails"] || got["data.stella.todo_test_later"] {
		t.Errorf("%+v", all)
	}
	if _, err := Tests(t.Context(), []byte("x")); !errors.Is(err, ErrPolicy) {
		t.Error(err)
	}
}
