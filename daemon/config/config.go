// Package config reads the daemon's configuration file, stellad.toml.
package config

import (
	_ "embed" // the shipped file
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"stellad/internal/stricttoml"
)

// Shipped is the file that packages install. It says all defaults, in comments.
//
//go:embed stellad.toml
var Shipped string

// ErrConfig is wrapped by every reason for which a configuration is refused. Its line, where there is one, is named.
var ErrConfig = errors.New("configuration")

// Config is how a daemon is set up. All paths are absolute.
type Config struct {
	State        string
	Run          string
	Trust        string
	Access       string
	HSM          string // the socket of stellad-hsm; "" for an appliance without keys
	VerdictCache int64  // bytes
	Log          slog.Level
	Dev          bool
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		State: "/var/lib/stella", Run: "/run/stella", Trust: "/etc/stella/trust", Access: "/etc/stella/access.toml",
		VerdictCache: 64 << 20, Log: slog.LevelInfo,
	}
}

// Dev is the configuration of a daemon for trying things out, which keeps everything below dir.
func Dev(dir string) Config {
	c := Default()
	c.State, c.Run = filepath.Join(dir, "state"), filepath.Join(dir, "run")
	c.Trust, c.Access, c.Dev = filepath.Join(dir, "trust"), filepath.Join(dir, "access.toml"), true
	return c
}

// file is the form of stellad.toml.
type file struct {
	State        *string `toml:"state"`
	Run          *string `toml:"run"`
	Trust        *string `toml:"trust"`
	Access       *string `toml:"access"`
	HSM          *string `toml:"hsm"`
	VerdictCache *int64  `toml:"verdict-cache"`
	Log          *string `toml:"log"`
}

// levels are those that the log has. slog would take numbers and sums, too.
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// Read reads the file at name.
func Read(name string) (Config, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return Config{}, fmt.Errorf("%w %s: %w", ErrConfig, name, err)
	}
	c, err := Parse(text)
	if err != nil {
		return Config{}, fmt.Errorf("%w %s: %w", ErrConfig, name, err)
	}
	return c, nil
}

// Parse reads the text of a configuration file.
func Parse(text []byte) (Config, error) {
	var f file
	c := Default()
	if err := stricttoml.Decode(text, &f); err != nil {
		return c, err
	}
	lines := stricttoml.LinesOf(text)
	for _, p := range []struct {
		key   string
		given *string
		to    *string
	}{{"state", f.State, &c.State}, {"run", f.Run, &c.Run}, {"trust", f.Trust, &c.Trust}, {"access", f.Access, &c.Access}, {"hsm", f.HSM, &c.HSM}} {
		if p.given == nil {
			continue
		}
		if *p.given == "" && p.key == "hsm" {
			continue
		}
		if !filepath.IsAbs(*p.given) {
			return c, fmt.Errorf("line %d: %s = %q: a path starts with /", lines.Of(p.key), p.key, *p.given)
		}
		if strings.Contains(*p.given, "\x00") {
			return c, fmt.Errorf("line %d: %s = %q: a path has no NUL", lines.Of(p.key), p.key, *p.given)
		}
		*p.to = filepath.Clean(*p.given)
	}
	if f.VerdictCache != nil {
		if *f.VerdictCache < 1 || *f.VerdictCache > 65536 {
			return c, fmt.Errorf("line %d: verdict-cache = %d: a number of MiB from 1 to 65536", lines.Of("verdict-cache"), *f.VerdictCache)
		}
		c.VerdictCache = *f.VerdictCache << 20
	}
	if f.Log != nil {
		level, known := levels[*f.Log]
		if !known {
			return c, fmt.Errorf(`line %d: log = %q: one of "debug", "info", "warn" and "error"`, lines.Of("log"), *f.Log)
		}
		c.Log = level
	}
	return c, nil
}
