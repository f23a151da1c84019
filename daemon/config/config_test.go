package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"stellad/daemon/config"
)

func TestParse(t *testing.T) {
	all := config.Config{
		State: "/s", Run: "/r", Trust: "/t", Access: "/a.toml", VerdictCache: 7 << 20, Log: slog.LevelDebug,
	}
	for _, c := range []struct {
		name, text string
		change     func(*config.Config) // of the default
	}{
		{"nothing", "", func(*config.Config) {}},
		{"comments", "# state = '/s'\n\n", func(*config.Config) {}},
		{"state", "state = '/s'", func(c *config.Config) { c.State = "/s" }},
		{"run", "run = '/r'", func(c *config.Config) { c.Run = "/r" }},
		{"trust", "trust = '/t'", func(c *config.Config) { c.Trust = "/t" }},
		{"access", "access = '/a.toml'", func(c *config.Config) { c.Access = "/a.toml" }},
		{"the smallest cache", "verdict-cache = 1", func(c *config.Config) { c.VerdictCache = 1 << 20 }},
		{"the largest cache", "verdict-cache = 65536", func(c *config.Config) { c.VerdictCache = 64 << 30 }},
		{"debug", "log = 'debug'", func(c *config.Config) { c.Log = slog.LevelDebug }},
		{"info", "log = 'info'", func(c *config.Config) { c.Log = slog.LevelInfo }},
		{"warn", "log = 'warn'", func(c *config.Config) { c.Log = slog.LevelWarn }},
		{"error", "log = 'error'", func(c *config.Config) { c.Log = slog.LevelError }},
		{"a path in its short form", "state = '/s//x/../'", func(c *config.Config) { c.State = "/s" }},
		{
			"all", "state='/s'\nrun='/r'\ntrust='/t'\naccess='/a.toml'\nverdict-cache=7\nlog='debug'\n",
			func(c *config.Config) { *c = all },
		},
	} {
		want := config.Default()
		c.change(&want)
		if got, err := config.Parse([]byte(c.text)); err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", c.name, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, reason string }{
		{"an unknown key", "\nstat = '/s'\n", `line 2: unknown key "stat"`},
		{"a key in capitals", "State = '/s'\n", `line 1: unknown key "State"`},
		{"a key's other spelling", "verdict_cache = 1\n", `line 1: unknown key "verdict_cache"`},
		{"a table", "\n\n[log]\nlevel = 'info'\n", "line 3: "},
		{"a field that is no key", "dev = true\n", `line 1: unknown key "dev"`},
		{"a key twice", "state = '/s'\nstate = '/s'\n", "line 2: "},
		{"no TOML", "state = '/s'\nstate\n", "line 2: "},
		{"not UTF-8", "# \xff\n", "line 1: "},
		{"a number for a path", "\nrun = 7\n", "line 2: "},
		{"a list for a path", "run = ['/r']\n", "line 1: "},
		{"a text for a number", "\n\nverdict-cache = '64'\n", "line 3: "},
		{"a fraction", "verdict-cache = 64.5\n", "line 1: "},
		{"a number for a level", "log = 0\n", "line 1: "},
		{"a switch for a level", "log = true\n", "line 1: "},
		{"an unknown level", "\nlog = 'loud'\n", "line 2: "},
		{"no level", "log = ''\n", "line 1: "},
		{"a level between", "log = 'info+2'\n", "line 1: "},
		{"a level in capitals", "log = 'INFO'\n", "line 1: "},
		{"a relative state", "# one\nstate = 'lib/stella'\n", `line 2: state = "lib/stella": a path starts with /`},
		{"a relative run", "run = './run'\n", `line 1: run = "./run": a path starts with /`},
		{"a relative trust", "\ntrust = '../trust'\n", `line 2: trust = "../trust": a path starts with /`},
		{"a relative access", "access = 'access.toml'\n", `line 1: access = "access.toml": a path starts with /`},
		{"an empty path", "state = ''\n", `line 1: state = "": a path starts with /`},
		{"a path of the home folder", "state = '~/stella'\n", `a path starts with /`},
		{"a path with a line in it", "state = \"x\\ny\"\n", `line 1: state = "x\ny": a path starts with /`},
		{"a NUL in a path", "state = \"/x\\u0000\"\n", "line 1: state"},
		{"no cache", "\nverdict-cache = 0\n", "line 2: verdict-cache = 0: a number of MiB from 1 to 65536"},
		{"less than no cache", "verdict-cache = -1\n", "line 1: verdict-cache = -1: a number of MiB"},
		{"too large a cache", "verdict-cache = 65537\n", "line 1: verdict-cache = 65537: a number of MiB"},
		{"one that overflows in bytes", "verdict-cache = 8796093022208\n", "line 1: verdict-cache = 8796093022208: "},
		{"one that no integer holds", "verdict-cache = 9223372036854775808\n", "line 1: "},
		{"a good key before a bad one", "state = '/s'\nverdict-cache = 3\nrun = 'r'\n", "line 3: run"},
	} {
		_, err := config.Parse([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line with %q, got %v", c.name, c.reason, err)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "stellad.toml")
	if err := os.WriteFile(name, []byte("state = '/s'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := config.Read(name); err != nil || got.State != "/s" {
		t.Errorf("%+v %v", got, err)
	}
	bad := filepath.Join(dir, "bad.toml")
	if err := os.WriteFile(bad, []byte("\nstat = '/s'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "gone.toml")
	for at, want := range map[string]string{
		bad:  "configuration " + bad + ": line 2: unknown key \"stat\"",
		gone: "configuration " + gone + ": no such file or directory",
		dir:  "configuration " + dir + ": is a directory",
	} {
		_, err := config.Read(at)
		if !errors.Is(err, config.ErrConfig) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := config.Read(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

var commented = regexp.MustCompile(`(?m)^#([a-z-]+ = .*)$`)

// TestShipped: the file that is installed changes nothing, and what it says are the defaults are the defaults, all of
// them.
func TestShipped(t *testing.T) {
	if got, err := config.Parse([]byte(config.Shipped)); err != nil || got != config.Default() {
		t.Errorf("%+v %v", got, err)
	}
	lines := commented.FindAllStringSubmatch(config.Shipped, -1)
	said := commented.ReplaceAllString(config.Shipped, "$1")
	if got, err := config.Parse([]byte(said)); err != nil || got != config.Default() {
		t.Errorf("the comments say %+v %v", got, err)
	}
	for _, key := range []string{"state", "run", "trust", "access", "hsm", "verdict-cache", "log"} {
		if n := strings.Count(said, "\n"+key+" = "); n != 1 {
			t.Errorf("%s stands there %d times", key, n)
		}
	}
	if len(lines) != 7 {
		t.Errorf("%d defaults: %q", len(lines), lines)
	}
	// Each line by itself: one that says nothing of its key would not be seen among the others.
	for _, line := range lines {
		if got, err := config.Parse([]byte(line[1])); err != nil || got != config.Default() {
			t.Errorf("%s: %+v %v", line[1], got, err)
		}
	}
}

func TestDev(t *testing.T) {
	got := config.Dev("/tmp/x")
	want := config.Config{
		State: "/tmp/x/state", Run: "/tmp/x/run", Trust: "/tmp/x/trust", Access: "/tmp/x/access.toml",
		VerdictCache: 64 << 20, Log: slog.LevelInfo, Dev: true,
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if config.Default().Dev {
		t.Error("a daemon for trying things out is the default")
	}
}

// FuzzParse holds that whatever is taken is a configuration, and what is refused is so in one line that says which.
func FuzzParse(f *testing.F) {
	f.Add(config.Shipped)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := config.Parse([]byte(text))
		if err != nil {
			var line int
			if _, scan := fmt.Sscanf(err.Error(), "line %d: ", &line); scan != nil || line < 1 || line > strings.Count(text, "\n")+1 || strings.Contains(err.Error(), "\n") {
				t.Fatalf("an error without its line, or of several: %q", err)
			}
			return
		}
		for _, path := range []string{got.State, got.Run, got.Trust, got.Access} {
			if !filepath.IsAbs(path) || filepath.Clean(path) != path || strings.Contains(path, "\x00") {
				t.Errorf("the path %q", path)
			}
		}
		if got.VerdictCache < 1<<20 || got.VerdictCache > 64<<30 || got.Dev {
			t.Errorf("%+v", got)
		}
		switch got.Log {
		case slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError:
		default:
			t.Errorf("the level %v", got.Log)
		}
	})
}
