//go:build system

package system

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSameBytes: two builds of a commit are the same package.
func TestSameBytes(t *testing.T) {
	var packages [2][]byte
	for i := range packages {
		var err error
		if packages[i], err = os.ReadFile(makePackage(t, t.TempDir(), release)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(packages[0], packages[1]) {
		t.Error("two builds of the package differ")
	}
}

// TestVersions: what packaging/version makes is valid for dpkg, and rises.
func TestVersions(t *testing.T) {
	before := ""
	for _, described := range []string{
		"abcdef0", "v1.2.0-rc.1", "v1.2.0-rc.1-3-gabcdef0", "v1.2.0-rc.2", "v1.2.0", "v1.2.0-dirty",
		"v1.2.0-5-gabcdef0", "v1.2.0-5-gabcdef0-dirty", "v1.2.1",
	} {
		out, err := exec.Command("../../packaging/version", described).Output()
		version := strings.TrimSpace(string(out))
		if err != nil {
			t.Fatalf("%s: %v", described, err)
		}
		if r := execute("dpkg", "--validate-version", version); r.status != 0 {
			t.Errorf("%s became %s: %v", described, version, r)
		}
		if before != "" && execute("dpkg", "--compare-versions", before, "lt", version).status != 0 {
			t.Errorf("%s became %s, which is not above %s", described, version, before)
		}
		before = version
	}
}

// TestImage: where no systemd runs, as when an image is made, the package installs, is enabled, and goes again.
func TestImage(t *testing.T) {
	root := t.TempDir()
	unpack(t, root)
	copyIn(t, root, map[string]string{makePackage(t, t.TempDir(), release): "/stella.deb"})
	chroot := func(args ...string) result { return execute("chroot", append([]string{root}, args...)...) }
	if r := chroot("dpkg", "--install", "/stella.deb"); r.status != 0 {
		t.Fatal(r)
	}
	for _, unit := range []string{"stellad.service", "stellad-admin.socket", "stellad-verify.socket"} {
		if r := chroot("systemctl", "is-enabled", unit); r.out != "enabled\n" {
			t.Errorf("%s: %v", unit, r)
		}
	}
	if r := chroot("dpkg", "--purge", "stella"); r.status != 0 {
		t.Error(r)
	}
}
