//go:build system

package system

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestGenesisInToken: on a blank machine one command brings an appliance with its keys in a token; given again it changes
// nothing; a wrong PIN is tried once, and disturbs nothing else.
func TestGenesisInToken(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("only root can boot a container")
	}
	root := t.TempDir()
	unpack(t, root)
	copyIn(t, root, map[string]string{makePackage(t, t.TempDir(), release): "/root/stella.deb"})
	m := boot(t, root)
	m.must(t, "dpkg --install /root/stella.deb 2>&1")
	for _, step := range steps(t, "```sh run\n") {
		if strings.HasPrefix(step[0], "1.2 ") {
			m.must(t, step[1])
		}
	}
	pin := m.must(t, "cat /root/stella-pin/user")

	m.must(t, "printf wrong >/root/wrong")
	if r := m.run(append(initCommand(t, m), "--pin-file", "/root/wrong")...); r.status != 7 || !strings.Contains(r.err, "the token refused the PIN; it was tried once") {
		t.Errorf("a wrong PIN: %v", r)
	}
	if state := m.property(t, "stellad", "ActiveState"); state != "active" {
		t.Errorf("stellad is %s", state)
	}
	if r := m.run("test", "-e", "/var/lib/stella/genesis.json"); r.status == 0 {
		t.Error("an appliance began without its token")
	}

	for _, step := range steps(t, "```sh init\n") {
		t.Logf("%s\n%s", step[0], m.must(t, step[1]))
	}
	if audited := m.must(t, "journalctl --no-pager -o cat; cat /proc/[0-9]*/cmdline | tr '\\0' ' '"); strings.Contains(audited, pin) {
		t.Error("the PIN is in the journal, or on a command line")
	}
	before := m.property(t, "stellad", "MainPID") + m.property(t, "stellad-hsm", "MainPID")
	// Not the trust root's: that the appliance believes itself comes into force when it is seen.
	const acts = "adminctl audit list | grep -cE ' (genesis|intent|key|policy|start|stop) '"
	records := m.must(t, acts)
	if r := m.run(initCommand(t, m)...); r.status != 0 || strings.Count(r.out, "left as it is") < 4 {
		t.Errorf("again: %v", r)
	}
	if after := m.property(t, "stellad", "MainPID") + m.property(t, "stellad-hsm", "MainPID"); after != before || m.must(t, acts) != records {
		t.Errorf("given again, it changes something: %s, %s", before, after)
	}
	testPINAsked(t, m, initCommand(t, m), pin)
	testKeysAtWork(t, m)
}

// testPINAsked: where there is no PIN it is asked for at a terminal, and nowhere else.
func testPINAsked(t *testing.T, m *machine, command []string, pin string) {
	t.Helper()
	m.must(t, "rm /etc/stella/credentials/hsm-pin; printf '%s\\n' '"+pin+"' >/root/typed; printf 'wrong\\n' >/root/mistyped")
	if r := m.run(command...); r.status != 2 || !strings.Contains(r.err, "there is no PIN yet") {
		t.Errorf("with no terminal: %v", r)
	}
	const typed = "script --quiet --return --command '%s' /dev/null </root/%s"
	line := strings.Join(command, " ")
	if r := m.run("sh", "-c", fmt.Sprintf(typed, line, "mistyped")); r.status != 7 || !strings.Contains(r.out, "the token refused the PIN") {
		t.Errorf("a mistyped PIN: %v", r)
	}
	if r := m.run("sh", "-c", fmt.Sprintf(typed, line, "typed")); r.status != 0 || !strings.Contains(r.out, "The token's PIN") || !strings.Contains(r.out, "logged in to the token") {
		t.Errorf("a typed PIN: %v", r)
	}
}

// initCommand is the runbook's, but for the PIN.
func initCommand(t *testing.T, m *machine) []string {
	t.Helper()
	for _, step := range steps(t, "```sh init\n") {
		if words := strings.Fields(strings.ReplaceAll(step[1], "\\\n", " ")); words[0] == "stellad" {
			command := strings.Join(words, " ")
			command, _, _ = strings.Cut(command, " --pin-file ")
			return strings.Fields(command)
		}
	}
	t.Fatal("the runbook has no stellad init")
	return nil
}

// testKeysAtWork: both units run in their sandboxes, what is signed verifies, and a restart of either is got over.
func testKeysAtWork(t *testing.T, m *machine) {
	t.Helper()
	for _, unit := range []string{"stellad.service", "stellad-hsm.service"} {
		if state := m.property(t, unit, "ActiveState"); state != "active" {
			t.Errorf("%s is %s", unit, state)
		}
		t.Log(m.must(t, "systemd-analyze security --no-pager --offline=true "+unit+" | tail -n 1"))
	}
	t.Log(m.must(t, "adminctl doctor"))
	m.must(t, "echo 'what was built' >/srv/artifact")
	for i, restart := range []string{"", "stellad-hsm.service", "stellad.service", "stellad-hsm.service stellad.service"} {
		if restart != "" {
			m.must(t, "systemctl restart "+restart)
		}
		out := "/srv/" + string(rune('a'+i)) + ".json"
		eventually(t, "a signature after a restart of "+restart, func() error {
			if r := m.run("stella", "attest", "sign", "--subject-file", "/srv/artifact", "--key", "attestation-1", "--why", out, "--out", out); r.status != 0 {
				return errors.New(r.err)
			}
			return nil
		})
		if r := m.run("stella", "attest", "verify", "--offline", "--bundle", out, "--artifact", "/srv/artifact"); r.status != 0 {
			t.Errorf("what is signed does not verify: %v", r)
		}
	}
	m.must(t, "systemctl stop stellad && stellad check --config /etc/stella/stellad.toml")
}
