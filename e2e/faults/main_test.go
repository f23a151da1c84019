// Package faults does harm to the real daemon and its disk and looks what is left: power cuts, kills, failing calls of
// the kernel, full disks, changed files. Of everything it asks the same: what was acknowledged is there, or the daemon
// says what is missing; nothing takes effect without a durable record; nothing is silently other than it was.
//
// `go test` runs a short form, `make faults` the long one. Each test prints its figures as a line of a table.
package faults

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"stellad/store"
)

const (
	asWriter = "STELLA_FAULTS_WRITER" // has this test binary write a journal; its value is the folder
	inside   = "STELLA_FAULTS_INSIDE" // says that this process has its own mounts; its value is a folder in memory
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asWriter) != "":
		os.Exit(writeForever(os.Getenv(asWriter)))
	case len(os.Args) > 3 && os.Args[1] == "worker": // as stellad runs itself
		os.Exit(store.CheckMain(os.Args[3:]))
	}
	os.Exit(buildAndRun(m))
}

// buildAndRun puts the binaries first on PATH for as long as the tests run. Root's tests run in a process of their own.
func buildAndRun(m *testing.M) int {
	if os.Getenv(inside) != "" {
		if err := workInMemory(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		flag.Parse()
		_ = flag.Set("test.parallel", "6") // they mostly wait
		return m.Run()
	}
	bin, err := os.MkdirTemp("", "stella-")
	if err == nil {
		defer os.RemoveAll(bin)
		err = build(bin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if os.Geteuid() != 0 {
		return m.Run()
	}
	return runInside(bin)
}

func build(bin string) error {
	for cgo, programs := range map[string][]string{
		"0": {"../../daemon/stellad", "../../adminctl"},
		"1": {"../../hsm/stellad-hsm"}, // it loads a module
	} {
		build := exec.Command("go", append([]string{"build", "-buildvcs=false", "-o", bin + "/"}, programs...)...)
		build.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	return os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// runInside runs the tests in a process with mounts of its own: they are gone with it, however it ends.
func runInside(dir string) int {
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"="+dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	switch {
	case cmd.ProcessState == nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	case cmd.ProcessState.ExitCode() < 0:
		return 1 // a signal
	}
	return cmd.ProcessState.ExitCode()
}

// workInMemory has the tests' folders on an ext4 in memory: thousands of syncs neither wait for a real disk, which other
// tests keep busy, nor keep it busy.
func workInMemory() error {
	memory, temp := filepath.Join(os.Getenv(inside), "memory"), filepath.Join(os.Getenv(inside), "t")
	for _, step := range [][]string{
		{"mkdir", memory, temp},
		{"mount", "-t", "tmpfs", "-o", "mode=0700", "stella", memory},
		{"truncate", "-s", "16G", memory + "/disk"},
		{"mkfs.ext4", "-q", "-F", "-m", "0", memory + "/disk"},
		{"mount", "-o", "loop,discard", memory + "/disk", temp},
		{"chmod", "0711", os.Getenv(inside)},
	} {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", step, err, out)
		}
	}
	return os.Setenv("TMPDIR", temp)
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

// asRoot skips a test that mounts.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
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
