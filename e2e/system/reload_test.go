//go:build system

package system

import (
	"fmt"
	"strings"
	"testing"
)

// testGenesis: stellad init makes the policy and the name, once.
func testGenesis(t *testing.T, m *machine) {
	const run = "stellad init --name stella.example.org --admin ada"
	t.Log(m.must(t, run))
	first := m.must(t, "cd /; sha256sum etc/stella/access.toml var/lib/stella/genesis.json")
	t.Log(m.must(t, run))
	if again := m.must(t, "cd /; sha256sum etc/stella/access.toml var/lib/stella/genesis.json"); again != first {
		t.Errorf("a second init changed\n%s\ninto\n%s", first, again)
	}
	if r := m.run("stellad", "init", "--name", "other.example.org"); r.status != 2 {
		t.Errorf("another name: %v", r)
	}
	m.must(t, "systemctl reload stellad")
	eventually(t, "the daemon knows its name", func() error {
		if r := m.as("ada", "adminctl", "status"); !strings.Contains(r.out, "stella.example.org") {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

// testJournal: an administrator's call is found by the fields of its entry.
func testJournal(t *testing.T, m *machine) {
	if r := m.as("ada", "adminctl", "status"); r.status != 0 {
		t.Fatal(r)
	}
	eventually(t, "the call is in the journal, with its fields", func() error {
		r := m.run("journalctl", "--unit=stellad", "--output=json", "STELLA_METHOD=/stella.v1.StatusService/Status", "STELLA_UID=1001")
		if !strings.Contains(r.out, `"STELLA_REQUEST_ID":"`) || !strings.Contains(r.out, `"_TRANSPORT":"journal"`) {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

// matrix tells who may do what by the policy in force.
func (m *machine) matrix() string { return m.as("ada", "adminctl", "rbac", "matrix", "-o", "json").out }

// testReload: a policy comes into force by a reload, whole, or the reload fails where one can see it and the one before
// stays.
func testReload(t *testing.T, m *machine) {
	const file = "/etc/stella/access.toml"
	if r := m.verify("sam"); r.status != 0 {
		t.Fatal(r)
	}
	m.must(t, `sed -i -e 's/^version = .*/version = 7/' -e 's/^stella = /# &/' `+file+`; systemctl reload stellad`)
	wantVerdict(t, m, "the new policy is in force", 4)
	before := m.matrix()

	m.must(t, "cp "+file+" /root/access.toml; echo 'nonsense' >>"+file)
	if r := m.run("systemctl", "reload", "stellad"); r.status == 0 {
		t.Errorf("a broken policy was reloaded: %v", r)
	}
	if status := m.run("systemctl", "status", "stellad").out; !strings.Contains(status, "check-config") || !strings.Contains(status, "access.toml") {
		t.Errorf("systemctl status says nothing of the broken policy:\n%s", status)
	}

	// What only the daemon knows is wrong: the version was that of another text.
	m.must(t, "sed 's/^# stella = /stella = /' /root/access.toml >"+file+"; systemctl reload stellad")
	eventually(t, "the daemon's status tells of the refused policy", func() error {
		if text := m.property(t, "stellad", "StatusText"); !strings.Contains(text, "refused") {
			return fmt.Errorf("%q", text)
		}
		return nil
	})
	t.Log(m.property(t, "stellad", "StatusText"))
	if text := m.must(t, "journalctl --unit=stellad --priority=err --lines=5 --output=cat"); !strings.Contains(text, "refused") {
		t.Errorf("the journal does not tell of the refused policy:\n%s", text)
	}
	if after := m.matrix(); after != before || before == "" {
		t.Errorf("a refused policy changed who may do what: from\n%s\nto\n%s", before, after)
	}

	m.must(t, "sed -i 's/^version = .*/version = 8/' "+file+"; systemctl reload stellad")
	wantVerdict(t, m, "the mended policy is in force", 0)
	if text := m.property(t, "stellad", "StatusText"); strings.Contains(text, "refused") {
		t.Errorf("the status still says %q", text)
	}
}
