package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/config"
)

// TestSetValues: what is commented out is set, what is set is kept, and nothing that people wrote is changed.
func TestSetValues(t *testing.T) {
	const shipped = "# about\n#module = \"/usr/lib/a.so\"\n\n#slot = \"token:a\"\n#sessions = 4\n"
	values := map[string]string{"module": "/opt/b.so", "slot": "serial:1"}
	set, changed, err := setValues(shipped, values)
	if want := "# about\nmodule = \"/opt/b.so\"\n\nslot = \"serial:1\"\n#sessions = 4\n"; err != nil || !changed || set != want {
		t.Fatalf("%q %t %v", set, changed, err)
	}
	if again, changed, err := setValues(set, values); err != nil || changed || again != set {
		t.Errorf("again: %q %t %v", again, changed, err)
	}
	for _, same := range []string{"module=\"/opt/b.so\"\n", "module  =  \"/opt/b.so\" # ours\n"} {
		if _, changed, err := setValues(same, map[string]string{"module": "/opt/b.so"}); err != nil || changed {
			t.Errorf("%q: %t %v", same, changed, err)
		}
	}
	for text, says := range map[string]string{
		"":                               "no line #module",
		"#modules = \"x\"\n":             "no line #module",
		" #module = \"x\"\n":             "no line #module",
		"module = \"/opt/c.so\"\n":       "/opt/b.so\" was asked for",
		"module = ''\n":                  "was asked for",
		"module = \"/opt/b.so.1\"\n":     "was asked for",
		shipped + "module = \"x\"\n":     "was asked for",
		"module = \"/opt/b.so\" \"a\"\n": "was asked for",
	} {
		if set, _, err := setValues(text, map[string]string{"module": "/opt/b.so"}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q becomes %q, %v", text, set, err)
		}
	}
}

// TestShippedSettings: the files that are installed have the lines that init sets.
func TestShippedSettings(t *testing.T) {
	if _, changed, err := setValues(config.Shipped, map[string]string{"hsm": hsmSocket}); err != nil || !changed {
		t.Errorf("stellad.toml: %t %v", changed, err)
	}
	text, err := os.ReadFile("../../hsm/stellad-hsm/stellad-hsm.toml")
	if err != nil {
		t.Fatal(err)
	}
	if _, changed, err := setValues(string(text), map[string]string{"module": "/a", "slot": "token:a"}); err != nil || !changed {
		t.Errorf("stellad-hsm.toml: %t %v", changed, err)
	}
}

// TestSetInFile: a file that is refused is as it was, and one that is written keeps its mode.
func TestSetInFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if _, err := setInFile(name, nil); err == nil {
		t.Error("a file that is not there is left as it is")
	}
	for _, c := range []struct {
		text, value, after string
	}{
		{"#key = \"\"\n", "v", "key = \"v\"\n"},
		{"key = \"w\"\n", "v", "key = \"w\"\n"},
		{"other = 1\n", "v", "other = 1\n"},
	} {
		if err := os.WriteFile(name, []byte(c.text), 0o640); err != nil {
			t.Fatal(err)
		}
		_, err := setInFile(name, map[string]string{"key": c.value})
		after, readErr := os.ReadFile(name)
		info, statErr := os.Stat(name)
		if e := errors.Join(readErr, statErr); e != nil || string(after) != c.after || info.Mode().Perm() != 0o640 || (err == nil) != (c.text != c.after) {
			t.Errorf("%q becomes %q, %v, %v", c.text, after, err, e)
		}
	}
}

// TestMissing: only an appliance with its keys in a token has all.
func TestMissing(t *testing.T) {
	status := func(genesis, keys bool, hsm string) *stellav1.StatusResponse {
		return &stellav1.StatusResponse{Parts: []*stellav1.Part{
			{Name: "genesis", Ok: genesis}, {Name: "keys", Ok: keys}, {Name: "hsm", Ok: true, State: hsm}, {Name: "trust"},
		}}
	}
	if wait := missing(status(true, true, "token:a, 3 signatures"), nil); wait != "" {
		t.Error(wait)
	}
	for i, s := range []*stellav1.StatusResponse{
		status(false, true, "token:a"), status(true, false, "token:a"), status(true, true, "none is configured"),
		status(true, true, "keys are in a file: this is NOT an HSM; token:a"),
	} {
		if missing(s, nil) == "" {
			t.Errorf("%d: nothing is missing", i)
		}
	}
	if missing(nil, errors.New("no daemon")) == "" {
		t.Error("no daemon, and nothing is missing")
	}
}
