// Package e2e runs the real binaries, as `make build` leaves them, by the scripts of testdata/script.
package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

// buildAndRun puts the binaries first on PATH for as long as the tests run.
func buildAndRun(m *testing.M) int {
	bin, err := os.MkdirTemp("", "stella-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	build := exec.Command("make", "--silent", "-C", "..", "build", "BIN="+bin, "VERSION=v0.0.0-e2e")
	build.Env = withoutMake(os.Environ())
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "make build:", err)
		return 1
	}
	if err := os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// withoutMake drops what a make that runs the tests hands down: its variables would steer the build.
func withoutMake(env []string) []string {
	var kept []string
	for _, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(name, "MAKE") && name != "MFLAGS" {
			kept = append(kept, kv)
		}
	}
	return kept
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               demoFiles,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "daemon": runDaemon},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// demoDigest is of the package whose provenance the demo verifies.
const demoDigest = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"

// demoFiles tells the scripts where the demo's real bundle is, and whose it is.
func demoFiles(env *testscript.Env) error {
	dir, err := filepath.Abs(filepath.Join("..", "packaging", "demo"))
	env.Setenv("DEMO", dir)
	env.Setenv("RELEASED", filepath.Join(dir, "..", "..", "attest", "publish", "testdata", "released"))
	env.Setenv("IDENTITY", "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main")
	env.Setenv("ISSUER", "https://token.actions.githubusercontent.com")
	env.Setenv("DIGEST", demoDigest)
	addScriptDaemon(env)
	return err
}

// exits runs `exits STATUS PROGRAM [ARG…]` and wants exactly that status. The script's stdout and stderr commands
// then look at what the program printed.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitStatus(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// exitStatus returns the status that a program left with. A program that a signal killed, or that never started, left
// with none.
func exitStatus(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}
