//go:build system

package system

import (
	"strings"
	"testing"
)

// testUpgrade: an upgrade in place keeps the sockets, the state and a changed configuration, and no call fails.
func testUpgrade(t *testing.T, m *machine) {
	m.must(t, `printf '\n# ours\nlog = "debug"\n' >>/etc/stella/stellad.toml`)
	changed := m.must(t, "sha256sum /etc/stella/stellad.toml")
	before, pid := inodes(t, m), m.property(t, "stellad", "MainPID")
	slowest := callsDuring(t, m, func() { t.Log(m.must(t, "dpkg --install /root/next.deb 2>&1 </dev/null")) })
	t.Logf("slowest call meanwhile: %v", slowest)
	if now := m.property(t, "stellad", "MainPID"); now == pid || m.property(t, "stellad", "ActiveState") != "active" {
		t.Errorf("the upgrade did not restart the service: main PID %s, then %s", pid, now)
	}
	if after := inodes(t, m); after != before {
		t.Errorf("the sockets' inodes were %q and are %q", before, after)
	}
	if now := m.must(t, "sha256sum /etc/stella/stellad.toml"); now != changed {
		t.Error("the upgrade changed stellad.toml")
	}
	status := m.as("ada", "adminctl", "status").out
	if !strings.Contains(status, nextRelease) || !strings.Contains(status, "stella.example.org") {
		t.Errorf("after the upgrade:\n%s", status)
	}

	// Disabled by an administrator, it stays so; what was stopped is not started.
	m.must(t, "systemctl disable --now stellad-admin.socket stellad-verify.socket stellad.service 2>&1; dpkg --install /root/next.deb 2>&1")
	if state, enabled := m.property(t, "stellad", "ActiveState"), m.property(t, "stellad", "UnitFileState"); state != "inactive" || enabled != "disabled" {
		t.Errorf("an upgrade made the disabled service %s, %s", state, enabled)
	}
	m.must(t, "systemctl enable --now stellad-admin.socket stellad-verify.socket stellad.service 2>&1")
}

// testRemove: a removal stops everything and leaves configuration and state; a purge leaves the state, and says so.
func testRemove(t *testing.T, m *machine) {
	m.must(t, "dpkg --remove stella 2>&1")
	for _, unit := range []string{"stellad.service", "stellad-admin.socket", "stellad-verify.socket"} {
		if state := m.property(t, unit, "ActiveState"); state != "inactive" {
			t.Errorf("%s is %s after a removal", unit, state)
		}
	}
	m.must(t, "! pgrep stellad; ! ls /usr/bin/stellad /run/stella/*.sock")
	m.must(t, "ls /etc/stella/stellad.toml /etc/stella/access.toml /etc/stella/trust/signers.toml /var/lib/stella/genesis.json")

	said := m.must(t, "dpkg --purge stella 2>&1")
	if !strings.Contains(said, "/var/lib/stella") {
		t.Errorf("a purge does not say what it leaves: %s", said)
	}
	m.must(t, "! ls /etc/stella/stellad.toml; ls /etc/stella/access.toml /etc/stella/trust/signers.toml /var/lib/stella/genesis.json; getent passwd stellad")

	m.must(t, "dpkg --install /root/next.deb 2>&1")
	if status := m.as("ada", "adminctl", "status"); !strings.Contains(status.out, "stella.example.org") {
		t.Errorf("installed again, it is not the same appliance: %v", status)
	}
}
