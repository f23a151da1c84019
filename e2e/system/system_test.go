//go:build system

// Package system installs the Debian package on a booted Debian and tries there what only systemd and a real system
// can show: who gets through which socket, what reload, watchdog, restart, upgrade and removal do, what the sandbox is
// worth. `make test-system` runs it, as root.
package system

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The releases that are built: the one to install, and the one to upgrade to.
const (
	release     = "v1.0.0-system"
	nextRelease = "v1.0.1-system"
)

// TestAppliance takes one machine through its life. Each step stands on those before it.
func TestAppliance(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("only root can boot a container")
	}
	root, packages := t.TempDir(), t.TempDir()
	unpack(t, root)
	first, next := makePackage(t, packages, release), makePackage(t, packages, nextRelease)
	copyIn(t, root, map[string]string{
		first: "/root/stella.deb", next: "/root/next.deb",
		"../../packaging/demo/sigstore-js.sigstore.json": "/srv/bundle.json",
		"../../packaging/demo/trust/trusted_root.json":   "/srv/trust/trusted_root.json",
		"../../packaging/demo/trust/signers.toml":        "/srv/trust/signers.toml",
	})
	m := boot(t, root)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *machine)
	}{
		{"install", testInstall},
		{"sandbox", testSandbox},
		{"access", testAccess},
		{"trust", testTrust},
		{"genesis", testGenesis},
		{"sealed", testSealed},
		{"HSM", testHSM},
		{"journal", testJournal},
		{"reload", testReload},
		{"restart", testRestart},
		{"watchdog", testWatchdog},
		{"stop", testStop},
		{"upgrade", testUpgrade},
		{"remove", testRemove},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, m) }) {
			t.FailNow()
		}
	}
}

// unpack makes a new system of what packaging/rootfs left.
func unpack(t *testing.T, root string) {
	t.Helper()
	if r := execute("tar", "--extract", "--file", "../../build/rootfs.tar", "--directory", root, "--numeric-owner"); r.status != 0 {
		t.Fatal(r)
	}
}

// makePackage runs `make deb` for a release and returns the package.
func makePackage(t *testing.T, dir, release string) string {
	t.Helper()
	dir = filepath.Join(dir, release)
	make := exec.Command("make", "--silent", "-C", "../..", "deb", "VERSION="+release, "BIN="+dir+"/bin", "DEB="+dir)
	for _, kv := range os.Environ() {
		// What a make that runs the tests hands down would steer this one.
		if name, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(name, "MAKE") && name != "MFLAGS" {
			make.Env = append(make.Env, kv)
		}
	}
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("make deb: %v\n%s", err, out)
	}
	found, err := filepath.Glob(dir + "/*.deb")
	if err != nil || len(found) != 1 {
		t.Fatalf("make deb made %q, %v", found, err)
	}
	return found[0]
}

func copyIn(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for from, to := range files {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to = filepath.Join(root, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
