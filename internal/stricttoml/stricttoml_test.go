package stricttoml_test

import (
	"errors"
	"strings"
	"testing"

	"stellad/internal/stricttoml"
)

type document struct {
	Version *int64              `toml:"version"`
	Roles   map[string][]string `toml:"roles"`
	Deny    struct {
		Users map[string][]string `toml:"users"`
	} `toml:"deny"`
	Signer []struct {
		Name string `toml:"name"`
		Log  []struct {
			URL string `toml:"url"`
		} `toml:"log"`
	} `toml:"signer"`
}

func TestDecode(t *testing.T) {
	var d document
	err := stricttoml.Decode([]byte("version = 3\n[roles]\n\"Any.Case\" = ['a', 'b']\n[[signer]]\nname = 'x'\n[[signer.log]]\nurl = 'u'\n"), &d)
	if err != nil || *d.Version != 3 || len(d.Roles["Any.Case"]) != 2 || d.Signer[0].Log[0].URL != "u" {
		t.Fatal(d, err)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an unknown key", "version = 1\nversionn = 2\n", `line 2: unknown key "versionn"`},
		{"an unknown table", "\n[rolls]\na = ['b']\n", `line 2: unknown key "rolls"`},
		{"an unknown key below", "[deny]\n\nhosts = {}\n", `line 3: unknown key "deny.hosts"`},
		{"an unknown key of an element", "[[signer]]\nname = 'x'\n[[signer]]\nnam = 'y'\n", `line 4: unknown key "signer.nam"`},
		{"another case", "version = 1\nVersion = 2\n", `line 2: unknown key "Version"`},
		{"another case alone", "VERSION = 2\n", `line 1: unknown key "VERSION"`},
		{"a table of another case that would replace one", "[deny.users]\na = ['x']\n[Deny]\nusers = {b = ['y']}\n", `line 3: unknown key "Deny"`},
		{"another case in a dotted key", "deny.Users.a = ['x']\n", `line 1: unknown key "deny.Users"`},
		{"another case in an inline table", "deny = {\n  USERS = {}}\n", `line 2: unknown key "deny.USERS"`},
		{"another case in an element", "[[signer]]\n[[signer]]\n[[signer.log]]\nUrl = 'u'\n", `line 4: unknown key "signer.1.log.0.Url"`},
		{"a key twice", "version = 1\nversion = 1\n", "line 2: key version is already defined"},
		{"no TOML", "version = 1\n[roles\n", "line 2: "},
		{"the wrong type", "version = 'x'\n", `line 1: "version": a TOML string cannot stand here`},
		{"the wrong type in a list", "[roles]\na = ['x',\n 2]\n", `line 3: "roles.a": a TOML integer cannot stand here`},
		{"a list for a text", "[roles]\nb = ['x']\na = [['x']]\n", `line 3: "roles.a": a TOML array cannot stand here`},
		{"a number that is too large", "version = 99999999999999999999\n", "line 1: "},
		{"a control character", "version = 1\n\x00", "line 2: "},
		{"a line break in a key", "\"a\\nb\" = 1\n", `line 1: unknown key "a\nb"`},
		{"a line break in a doubled key", "[roles]\n\"a\\nb\" = []\n\"a\\nb\" = []\n", "line 3: "},
		{"nothing after the sign", "version =", "line 1: "},
	} {
		err := stricttoml.Decode([]byte(c.text), new(document))
		if at := new(stricttoml.Error); !errors.As(err, &at) || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line %q, got %v", c.name, c.want, err)
		}
	}
}

func TestLines(t *testing.T) {
	l := stricttoml.LinesOf([]byte(`version = 1 # 1
roles.a = ["x", # 2
  "y",
  'z', ["deep"]]
[deny.users]
bob = [] # 6
"uid:5" = ['''
''',
  "w"] # 9

[[signer]] # 11
name = "[[signer]]"
[[signer]]
[signer.sub] # 14
k = {l = 1, # 15
  m = [1]}
[[signer.log]] # 17
[[ signer . log ]]
url = "u" # 19
["a.b"]
[a]
b = 1 # 22
[deny.groups]
`))
	for _, c := range []struct {
		want int
		path string
	}{
		{1, "version"},
		{2, "roles"},
		{2, "roles a"},
		{2, "roles a 0"},
		{3, "roles a 1"},
		{4, "roles a 2"},
		{4, "roles a 3 0"},
		{5, "deny"},
		{5, "deny users"},
		{6, "deny users bob"},
		{7, "deny users uid:5"},
		{7, "deny users uid:5 0"},
		{9, "deny users uid:5 1"},
		{11, "signer 0"},
		{12, "signer 0 name"},
		{13, "signer 1"},
		{14, "signer 1 sub"},
		{15, "signer 1 sub k l"},
		{16, "signer 1 sub k m 0"},
		{17, "signer 1 log 0"},
		{18, "signer 1 log 1"},
		{19, "signer 1 log 1 url"},
		{20, "a.b"},
		{22, "a b"},
		{23, "deny groups"},
		// What is not there: the nearest around it.
		{1, ""},
		{1, "nothing"},
		{2, "roles b"},
		{2, "roles a 9"},
		{6, "deny users bob 0"},
		{11, "signer 0 sub"},
		{20, "a.b c"},
	} {
		if got := l.Of(strings.Fields(c.path)...); got != c.want {
			t.Errorf("%q: line %d, want %d", c.path, got, c.want)
		}
	}
}

// FuzzDecode holds that a fault is one line with a line of the text, and that each key of what is taken has a line.
func FuzzDecode(f *testing.F) {
	f.Add("version = 1\n[roles]\na = ['b', 'c']\n[[signer]]\nname = 'x'\n[[signer.log]]\nurl = 'u'\n")
	f.Fuzz(func(t *testing.T, text string) {
		var d document
		last := strings.Count(text, "\n") + 1
		if err := stricttoml.Decode([]byte(text), &d); err != nil {
			var at *stricttoml.Error
			if !errors.As(err, &at) || at.Line < 1 || at.Line > last || strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Fatalf("a fault of %d lines: %q", last, err)
			}
			return
		}
		l := stricttoml.LinesOf([]byte(text))
		for name := range d.Roles {
			line := l.Of("roles", name)
			if line < 1 || line > last || line < l.Of("roles") {
				t.Fatalf("role %q at line %d of %d", name, line, last)
			}
		}
	})
}
