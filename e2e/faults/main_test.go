// Package faults does harm to the real daemon and its disk and looks what is left: power cuts, kills, failing calls of
// the kernel, full disks, changed files. Of everything it asks the same: what was acknowledged is there, or the daemon
// says what is missing; nothing takes effect without a durable record; nothing is silently other than it was.
//
// `go test` runs a short form, `make faults` the long one. Each test prints its figures as a line of a table.
package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"stellad/store"
)

// asWriter has this test binary be a program that writes a journal; its value is the folder.
const asWriter = "STELLA_FAULTS_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asWriter); dir != "" {
		os.Exit(writeForever(dir))
	}
	if len(os.Args) > 3 && os.Args[1] == "worker" { // as stellad runs itself
		os.Exit(store.CheckMain(os.Args[3:]))
	}
	os.Exit(buildAndRun(m))
}

// buildAndRun puts the binaries first on PATH for as long as the tests run.
func buildAndRun(m *testing.M) int {
	bin, err := os.MkdirTemp("", "stella-faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-buildvcs=false", "-o", bin+"/", "../../daemon/stellad", "../../adminctl")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		return 1
	}
	if err := os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// long is the form that `make faults` runs.
var long = os.Getenv("STELLA_FAULTS") == "long"

// times is how often something is done: seldom, or in the long form often.
func times(seldom, often int) int {
	if long {
		return often
	}
	return seldom
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a program that must succeed.
func run(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}
