//go:build system

package system

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"stellad/hsm"
)

// The test binary is a client of hsm.sock too, inside the machine, by this variable.
const signEnv = "STELLA_TEST_SIGN"

func TestMain(m *testing.M) {
	if label := os.Getenv(signEnv); label != "" {
		if err := signOnce(label); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// signOnce signs with the key of a label, which is made where it is not there yet.
func signOnce(label string) error {
	c, err := hsm.Dial("/run/stella/hsm.sock")
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	key, err := c.Find(ctx, hsm.Reference{Label: label})
	if errors.Is(err, hsm.ErrNoKey) {
		key, err = c.Generate(ctx, hsm.Template{Label: label, Algorithm: hsm.ECDSAP256})
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(label))
	signature, err := key.Sign(nil, sum[:], crypto.SHA256)
	if err == nil && !ecdsa.VerifyASN1(key.Public().(*ecdsa.PublicKey), sum[:], signature) {
		err = errors.New("the signature does not verify")
	}
	return err
}

const runbook = "../../docs/operations/hsm-setup-runbook.md"

// steps are the runbook's blocks that begin with a fence, in order, each with the heading it stands under.
func steps(t *testing.T, fence string) (all [][2]string) {
	t.Helper()
	page, err := os.ReadFile(runbook)
	if err != nil {
		t.Fatal(err)
	}
	heading, block, within := "", "", false
	for line := range strings.Lines(string(page)) {
		switch {
		case within && line == "```\n":
			all, block, within = append(all, [2]string{heading, block}), "", false
		case within:
			block += line
		case line == fence:
			within = true
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if len(all) == 0 || within {
		t.Fatalf("%d blocks: does the test look where they are?", len(all))
	}
	return all
}

// testHSM does what the runbook says, and then has the service go through what goes wrong.
func testHSM(t *testing.T, m *machine) {
	pins := ""
	for _, step := range steps(t, "```sh run\n") {
		out := m.must(t, step[1])
		t.Logf("%s\n%s", step[0], out)
		if pins == "" && strings.Contains(step[0], "Make the token") {
			pins = m.must(t, "cat /root/stella-pin/user")
		}
		if pins != "" && strings.Contains(out, pins) {
			t.Errorf("%s shows the PIN", step[0])
		}
	}
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.root+"/srv/client", program, 0o755); err != nil {
		t.Fatal(err)
	}
	sign := func(user string) result { return m.as(user, "env", signEnv+"=k", "/srv/client") }
	if r := sign("stellad"); r.status != 0 {
		t.Fatalf("stellad can't sign: %v", r)
	}
	for _, user := range []string{"root", "ada", "eve", "stella-hsm"} {
		if r := sign(user); r.status == 0 {
			t.Errorf("%s can sign", user)
		}
	}
	testHSMSandbox(t, m)
	testHSMRestarts(t, m, sign)
	testHSMWrongPIN(t, m, pins, sign)
	m.must(t, "systemctl disable --now stellad-hsm.socket stellad-hsm.service 2>&1")
}

func testHSMSandbox(t *testing.T, m *machine) {
	t.Helper()
	table := m.must(t, "systemd-analyze security --no-pager --offline=true stellad-hsm.service")
	grade := regexp.MustCompile(`Overall exposure level for stellad-hsm\.service: ([0-9.]+)`).FindStringSubmatch(table)
	if grade == nil || grade[1] > "0.8" {
		t.Errorf("%v\n%s", grade, table)
	}
	t.Log(grade)
	pid := m.property(t, "stellad-hsm", "MainPID")
	for _, line := range []string{"NoNewPrivs:\t1", "CapBnd:\t0000000000000000", "CapEff:\t0000000000000000", "Seccomp:\t2"} {
		if r := m.run("grep", "--line-regexp", line, "/proc/"+pid+"/status"); r.status != 0 {
			t.Errorf("/proc/PID/status has no %q", line)
		}
	}
	if interfaces := m.must(t, "tail -n +3 /proc/"+pid+"/net/dev | cut -d: -f1 | tr -d ' '"); interfaces != "lo" {
		t.Errorf("its network has %q", interfaces)
	}
	if locked := m.must(t, "awk '/^VmLck:/ { print $2 }' /proc/"+pid+"/status"); locked == "0" {
		t.Error("nothing is locked in memory")
	}
	if owner := m.must(t, "stat --format=%U /proc/"+pid+"/environ"); owner != "root" {
		t.Errorf("its memory can be read by %s", owner)
	}
}

// testHSMRestarts: killed, it is back before the next caller gives up.
func testHSMRestarts(t *testing.T, m *machine, sign func(string) result) {
	t.Helper()
	for range 3 {
		before := m.property(t, "stellad-hsm", "MainPID")
		m.must(t, "systemctl kill --signal=SIGKILL stellad-hsm")
		start := time.Now()
		eventually(t, "it signs again", func() error {
			if r := sign("stellad"); r.status != 0 {
				return errors.New(r.err)
			}
			return nil
		})
		t.Logf("killed, and signing again after %v", time.Since(start).Round(time.Millisecond))
		if after := m.property(t, "stellad-hsm", "MainPID"); after == before || after == "0" {
			t.Errorf("process %s became %s", before, after)
		}
	}
}

// testHSMWrongPIN: one try, whoever calls and however often; the right PIN mends it.
func testHSMWrongPIN(t *testing.T, m *machine, pin string, sign func(string) result) {
	t.Helper()
	encrypt := "| systemd-creds encrypt --name=pin - /etc/stella/credentials/hsm-pin 2>&1; systemctl reset-failed"
	m.must(t, "systemctl stop stellad-hsm.socket stellad-hsm.service; printf wrong "+encrypt)
	m.must(t, "systemctl start stellad-hsm.socket")
	for range 3 { // each call starts it
		for range 3 {
			if r := sign("stellad"); r.status == 0 || !strings.Contains(r.err, "refused the PIN") && !strings.Contains(r.err, "unavailable") {
				t.Errorf("with a wrong PIN: %v", r)
			}
		}
		eventually(t, "it has ended", func() error {
			if state := m.property(t, "stellad-hsm", "ActiveState"); state != "failed" {
				return errors.New(state)
			}
			return nil
		})
	}
	if status := m.property(t, "stellad-hsm", "ExecMainStatus"); status != "10" {
		t.Errorf("status %s", status)
	}
	log := m.must(t, "journalctl --no-pager -u stellad-hsm -o cat")
	if tried := strings.Count(log, "EVP_DecryptFinal"); tried != 1 || !strings.Contains(log, "this is the same") { // SoftHSM's own words
		t.Errorf("%d logins with a wrong PIN; the journal:\n%s", tried, log)
	}
	if strings.Contains(log, pin) || bytes.Contains([]byte(log), []byte("pin=")) {
		t.Error("the journal has the PIN")
	}
	m.must(t, "systemctl stop stellad-hsm.socket stellad-hsm.service; printf %s '"+pin+"' "+encrypt)
	m.must(t, "systemctl start stellad-hsm.socket stellad-hsm.service")
	eventually(t, "it signs again", func() error {
		if r := sign("stellad"); r.status != 0 {
			return errors.New(r.err)
		}
		return nil
	})
}
