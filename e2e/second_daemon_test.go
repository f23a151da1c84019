package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecondDaemon: one that finds another's folder leaves, and the other does not notice.
func TestSecondDaemon(t *testing.T) {
	d, bundle := demoAppliance(t)
	d.answers(t)
	before := d.inodes(t)
	for _, args := range [][]string{{"stellad", "--dev", d.dir}, {"stellad", "--config", d.config(t)}} {
		ctx, cancel := context.WithTimeout(t.Context(), turnTime)
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		_ = cmd.Run()
		cancel()
		want := fmt.Sprintf("stellad: another stellad is running: it holds %s/state/lock\n", d.dir)
		if got := cmd.ProcessState.ExitCode(); got != 1 || stderr.String() != want {
			t.Errorf("%v: exit status %d, stderr %q, want 1 and %q", args, got, &stderr, want)
		}
		if after := d.inodes(t); after != before {
			t.Errorf("%v: the first one's files were %v and are %v", args, before, after)
		}
		d.answers(t)
		leaves(t, 0, d.command("stella", "attest", "verify", "--bundle", bundle, "--socket", d.verifySocket()))
	}
}

// config is a configuration file of the same folders.
func (d *appliance) config(t *testing.T) string {
	t.Helper()
	policy := fmt.Sprintf("version = 7\n[roles]\nadministrator = [\"*:*\"]\n[users]\n\"uid:%d\" = [\"administrator\"]\n", os.Geteuid())
	text := fmt.Sprintf("state = %q\nrun = %q\ntrust = %q\naccess = %q\n", filepath.Join(d.dir, "state"), filepath.Join(d.dir, "run"),
		filepath.Join(d.dir, "trust"), filepath.Join(d.dir, "access.toml"))
	for name, text := range map[string]string{"access.toml": policy, "stellad.toml": text} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(d.dir, "stellad.toml")
}

// inodes are which files a daemon has, sockets and state.
func (d *appliance) inodes(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("find", filepath.Join(d.dir, "run"), filepath.Join(d.dir, "state"), "-printf", "%P %i %s %T@\n").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
