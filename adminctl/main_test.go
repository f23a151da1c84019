package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
)

// TestHelp asks every command that the program has for its help.
func TestHelp(t *testing.T) {
	for _, path := range commandPaths(newRootCmd("stella")) {
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := cli.Execute(newRootCmd("stella"), append(path, "--help"), &stdout, &stderr); got != cli.StatusDone {
				t.Fatalf("exit %d: %s", got, &stderr)
			}
			if !strings.HasSuffix(stdout.String(), "interrupted\n") {
				t.Errorf("no EXIT STATUS at the end of:\n%s", &stdout)
			}
			cmd, _, err := newRootCmd("stella").Find(path)
			if err != nil {
				t.Fatal(err)
			}
			if !cmd.HasSubCommands() && !strings.Contains(stdout.String(), "Examples:") {
				t.Errorf("no example in:\n%s", &stdout)
			}
		})
	}
}

// commandPaths returns the arguments that name cmd's own commands, root first.
func commandPaths(cmd *cobra.Command) [][]string {
	paths := [][]string{strings.Fields(cmd.CommandPath())[1:]}
	for _, sub := range cmd.Commands() {
		paths = append(paths, commandPaths(sub)...)
	}
	return paths
}

func TestProgramName(t *testing.T) {
	for arg0, want := range map[string]string{"stella": "stella", "/usr/bin/adminctl": "adminctl", "stella.exe": "stella"} {
		if got := programName(arg0); got != want {
			t.Errorf("programName(%q) = %q, want %q", arg0, got, want)
		}
	}
}
