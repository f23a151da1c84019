package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"stellad/internal/version"
)

func TestRun(t *testing.T) {
	for _, c := range []struct {
		args   []string
		exit   int
		stdout string // a part of it
		stderr string // a part of it
	}{
		{[]string{"--version"}, 0, "stellad " + version.String + "\n", ""},
		{[]string{"--help"}, 0, "Usage:", ""},
		{[]string{"-h"}, 0, "Usage:", ""},
		{nil, 2, "", "only answers"},
		{[]string{""}, 2, "", "only answers"},
		{[]string{"--dev"}, 2, "", "only answers"},
		{[]string{"--version", "--help"}, 2, "", "only answers"},
	} {
		var stdout, stderr bytes.Buffer
		exit := run(c.args, &stdout, &stderr)
		if exit != c.exit || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", c.args, exit, &stdout, &stderr)
		}
		if c.exit != 0 && (stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1) {
			t.Errorf("%q: stdout %q, stderr %q; want one line on stderr", c.args, &stdout, &stderr)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no paper") }

func TestUnwrittenAnswer(t *testing.T) {
	var stderr bytes.Buffer
	if exit := run([]string{"--version"}, brokenWriter{}, &stderr); exit != 1 {
		t.Errorf("exit %d, want 1", exit)
	}
}
