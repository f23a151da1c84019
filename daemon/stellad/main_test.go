package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/internal/cli"
	"stellad/internal/version"
)

func TestArguments(t *testing.T) {
	good := configFile(t, "log = \"warn\"\n")
	bad := configFile(t, "log = \"warn\"\nlgo = 1\n")
	for _, c := range []struct {
		args   []string
		exit   cli.Status
		stdout string // a part of it
		stderr string // a part of it
	}{
		{[]string{"--version"}, 0, "stellad " + version.String + "\n", ""},
		{[]string{"--help"}, 0, "EXIT STATUS", ""},
		{[]string{"init", "--help"}, 0, "EXIT STATUS", ""},
		{[]string{"check", "--help"}, 0, "EXIT STATUS", ""},
		{[]string{"check", "--config", good}, 3, "none of the daemon's files", "1 faults"},
		{[]string{"check", "--config", bad}, 2, "", `line 2: unknown key "lgo"`},
		{[]string{"check"}, 2, "", "config dev"},
		{[]string{"check", "--dev", ""}, 2, "", "--dev is empty"},
		{[]string{"check", "--dev", "/absent"}, 1, "", "/absent/state: no such file"},
		{[]string{"--config", good, "--check-config"}, 0, "good: good\n", ""},
		{[]string{"--config", bad, "--check-config"}, 2, "", `line 2: unknown key "lgo"`},
		{[]string{"--config", bad}, 2, "", `line 2: unknown key "lgo"`},
		{[]string{"--config", "/absent.toml"}, 2, "", "/absent.toml: no such file"},
		{[]string{"--config", ""}, 2, "", "--config is empty"},
		{nil, 2, "", "config dev"},
		{[]string{""}, 2, "", "config dev"},
		{[]string{"serve"}, 2, "", "config dev"},
		{[]string{"--config", good, "serve"}, 2, "", `unknown command "serve"`},
		{[]string{"--dev", "--config", good}, 2, "", "config dev"},
		{[]string{"--dev", "--check-config"}, 2, "", "--check-config"},
		{[]string{"--dev", "a", "b"}, 2, "", "at most 1"},
		{[]string{"init"}, 2, "", `"name" not set`},
		{[]string{"init", "--name", "Not A Host", "--config", good}, 2, "", "bare hostname"},
		{[]string{"init", "--name", "a.example", "--admin", "no-such-user", "--config", good}, 2, "", "no-such-user"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			exit := cli.Serve(newRootCmd(), c.args, &stdout, &stderr)
			if exit != c.exit || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("exit %d, stdout %q, stderr %q", exit, &stdout, &stderr)
			}
			if c.exit != 0 && ((stdout.Len() > 0) != (c.exit == cli.StatusRefused) || strings.Count(stderr.String(), "\n") != 1) {
				t.Errorf("stdout %q, stderr %q; want one line on stderr", &stdout, &stderr)
			}
		})
	}
}

// configFile writes a configuration of a state of its own.
func configFile(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "good")
	text += "state = \"" + dir + "\"\naccess = \"" + dir + "/access.toml\"\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
