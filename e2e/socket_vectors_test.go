package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stellad/internal/vectors"
)

// TestSocketVectors asks a daemon about the published bundles, each under its own trusted root: the verdict is the
// command's to the letter, when the daemon reaches it and when it remembers it.
func TestSocketVectors(t *testing.T) {
	for _, folder := range []string{"sigstore", "cpython"} {
		dir := vectors.Dir(t, folder)
		var manifest struct{ Cases []vectorCase }
		vectors.Manifest(t, dir, &manifest)
		if len(manifest.Cases) == 0 {
			t.Fatalf("%s: no cases in the manifest", folder)
		}
		daemons := map[string]*appliance{} // by trusted root
		for _, c := range manifest.Cases {
			if daemons[c.TrustedRoot] == nil {
				daemons[c.TrustedRoot] = applianceOf(t, filepath.Join(dir, c.TrustedRoot))
			}
			t.Run(folder+"/"+c.Case, func(t *testing.T) {
				c.compare(t, dir, daemons[c.TrustedRoot])
			})
		}
		for _, d := range daemons {
			d.stop(t)
		}
	}
}

// applianceOf starts a daemon with one trusted root.
func applianceOf(t *testing.T, root string) *appliance {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "trust"), os.DirFS(trustRoot(t, root))); err != nil {
		t.Fatal(err)
	}
	return startAppliance(t, dir)
}

// commandOutcome is how a command ended, without what may differ: when, and who judged.
type commandOutcome struct {
	Status  int
	Verdict any
}

func (c vectorCase) compare(t *testing.T, dir string, d *appliance) {
	args := c.arguments(dir)
	here, _ := outcomeOf(t, exec.Command("stella", append(args, "--trust-root", trustRoot(t, filepath.Join(dir, c.TrustedRoot)))...))
	socket := filepath.Join(d.dir, "run", "verify.sock")
	for _, want := range []string{"judged", "remembered"} {
		there, cached := outcomeOf(t, exec.Command("stella", append(args, "--socket", socket)...))
		if diff := cmp.Diff(here, there); diff != "" {
			t.Errorf("%s: the command's verdict (-) is not the daemon's (+):\n%s", want, diff)
		}
		if there.Verdict != nil && cached != (want == "remembered") {
			t.Errorf("%s: cached is %t", want, cached)
		}
	}
}

func outcomeOf(t *testing.T, cmd *exec.Cmd) (o commandOutcome, cached bool) {
	t.Helper()
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o.Status = cmd.ProcessState.ExitCode()
	if stdout.Len() == 0 {
		return o, false
	}
	var r struct {
		Results []struct {
			Verdict any
			Answer  *struct{ Cached bool }
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, &stdout)
	}
	o.Verdict = r.Results[0].Verdict
	return o, r.Results[0].Answer != nil && r.Results[0].Answer.Cached
}
