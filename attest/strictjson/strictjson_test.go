package strictjson_test

import (
	"strings"
	"testing"

	"stellad/attest/strictjson"
)

func TestValues(t *testing.T) {
	values, err := strictjson.Values([]byte("{}\n\n [1]\n\"x\""), strictjson.Limits{Values: 3, Tokens: 10})
	if err != nil || len(values) != 3 {
		t.Fatalf("%v %v", values, err)
	}
	for i, want := range []strictjson.Value{{Text: []byte("{}"), Line: 1}, {Text: []byte("[1]"), Line: 3}, {Text: []byte(`"x"`), Line: 4}} {
		if string(values[i].Text) != string(want.Text) || values[i].Line != want.Line {
			t.Errorf("%d: %s at line %d", i, values[i].Text, values[i].Line)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, text, reason string }{
		{"empty", "", "empty"},
		{"one too many", "{}{}{}", "more than 2"},
		{"a duplicate name", "{\n\"a\":1,\n\"a\":2}", "line 3: duplicate"},
		{"a duplicate name by escape", `{"a":1,"\u0061":2}`, "duplicate"},
		{"a duplicate name inside", `[{"b":{"a":1,"a":2}}]`, "duplicate"},
		{"not UTF-8", "\"\xff\"", "UTF-8"},
		{"a lone surrogate", `"\ud800"`, "surrogate"},
		{"a comment", "{} // no", "line 1"},
		{"a trailing comma", "[1,]", "line 1"},
		{"a leading zero", "[01]", "line 1"},
		{"cut short", "{\n\"a\":", "line 2: its JSON is cut short"},
		{"deep", strings.Repeat("[", 90), "depth"},
		{"too many tokens", "[" + strings.Repeat("0,", 100) + "0]", "more than 100 tokens"},
	} {
		if _, err := strictjson.Values([]byte(c.text), strictjson.Limits{Values: 2, Tokens: 100}); err == nil || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line with %q, got %v", c.name, c.reason, err)
		}
	}
	if _, err := strictjson.One([]byte("1 2"), 10); err == nil || !strings.Contains(err.Error(), "line 1: a second JSON value") {
		t.Errorf("two values: %v", err)
	}
}

func TestNames(t *testing.T) {
	names, err := strictjson.Names([]byte(` {"b":{"x":1},"a":[2], "c":null}`))
	if err != nil || strings.Join(names, " ") != "b a c" {
		t.Errorf("%q %v", names, err)
	}
	for _, text := range []string{"[]", `"x"`, "1", ""} {
		if _, err := strictjson.Names([]byte(text)); err == nil {
			t.Errorf("%q has names", text)
		}
	}
}
