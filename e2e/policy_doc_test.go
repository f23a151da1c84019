package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A step is a command of a document, and what the document says that it prints.
type step struct{ command, prints string }

// steps are the commands of all blocks that are a console's, in their order. A command goes on where a line ends with a
// backslash or begins a here-document.
func steps(t testing.TB, document string) (all []step) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	within, until := false, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		last := len(all) - 1
		switch {
		case line == "```console":
			within = true
		case strings.HasPrefix(line, "```"):
			within = false
		case !within:
		case until != "" || last >= 0 && strings.HasSuffix(all[last].command, "\\"):
			all[last].command += "\n" + line
			if line == until {
				until = ""
			}
		case strings.HasPrefix(line, "$ "):
			all = append(all, step{command: line[2:]})
			if _, word, is := strings.Cut(line, "<<'"); is {
				until = strings.TrimSuffix(word, "'")
			}
		default:
			all[last].prints += line + "\n"
		}
	}
	return all
}

// pattern is what a document says, of which … stands for anything: at a line of its own for any lines.
func pattern(prints string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	for line := range strings.Lines(prints) {
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		for i, word := range strings.Fields(line) {
			if i > 0 {
				b.WriteString(` +`)
			} else {
				b.WriteString(` *`)
			}
			b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(word), "…", `.*`))
		}
		b.WriteString(` *\n`)
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String())
}

// TestPolicyDocument types what docs/policy.md says, and wants it to print what the document says.
func TestPolicyDocument(t *testing.T) {
	k := startKeyed(t)
	demo := filepath.Join("..", "packaging", "demo")
	for to, from := range map[string]string{"scan.grype.json": "busybox.grype.json", "sbom.cdx.json": "fluentd.cdx.json"} {
		text, err := os.ReadFile(filepath.Join(demo, from))
		must(t, err)
		must(t, os.WriteFile(k.path(to), text, 0o600))
	}
	tools, err := filepath.Abs(filepath.Join("..", "build", "tools"))
	must(t, err)
	if _, err := os.Stat(filepath.Join(tools, "opa")); err != nil {
		t.Fatal("no opa: make test builds it")
	}
	env := append(os.Environ(), "STELLA_DIR="+k.dir, "ARTIFACT=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "PATH="+os.Getenv("PATH")+":"+tools)
	all := steps(t, filepath.Join("..", "docs", "policy.md"))
	for _, s := range all {
		cmd := exec.Command("sh", "-c", s.command)
		cmd.Dir, cmd.Env = k.made, env
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.Contains(s.prints, "BLOCKED - ") {
			t.Fatalf("$ %s\n%v\n%s", s.command, err, out)
		}
		printed := regexp.MustCompile(`(?m)^stella: sha256:\S+ is blocked in \S+\n`).ReplaceAllString(string(out), "")
		if !pattern(s.prints).MatchString(printed) {
			t.Fatalf("$ %s\nprints\n%s\nand not\n%s", s.command, out, s.prints)
		}
	}
	if len(all) < 20 {
		t.Errorf("%d commands were found", len(all))
	}
}
