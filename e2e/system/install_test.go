//go:build system

package system

import (
	"regexp"
	"strconv"
	"testing"
	"time"
)

// The people of the machine: an administrator, a service's user, and somebody.
const people = `
groupadd --gid 2000 painters
useradd --uid 1001 --no-user-group --gid nogroup --groups stella-admin,painters ada
useradd --uid 1002 --no-user-group --gid nogroup --groups stella sam
useradd --uid 1003 --no-user-group --gid nogroup --groups painters eve
`

// testInstall: after dpkg -i, the service runs and both sockets listen, with their modes and owners.
func testInstall(t *testing.T, m *machine) {
	t.Log(m.must(t, "dpkg --install /root/stella.deb 2>&1"))
	m.must(t, people)
	for _, unit := range []string{"stellad.service", "stellad-admin.socket", "stellad-verify.socket"} {
		if state := m.property(t, unit, "ActiveState"); state != "active" {
			t.Errorf("%s is %s", unit, state)
		}
		if enabled := m.property(t, unit, "UnitFileState"); enabled != "enabled" {
			t.Errorf("%s is %s", unit, enabled)
		}
	}
	for path, want := range map[string]string{
		"/run/stella":              "drwxr-xr-x root root",
		"/run/stella/admin.sock":   "srw-rw---- root stella-admin",
		"/run/stella/verify.sock":  "srw-rw---- root stella",
		"/var/lib/stella":          "drwx--x--x stellad stellad",
		"/etc/stella/trust":        "drwxr-xr-x root root",
		"/etc/stella/stellad.toml": "-rw-r--r-- root root",
		"/usr/bin/stella":          "lrwxrwxrwx root root",
	} {
		if got := m.must(t, "stat --format='%A %U %G' "+path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if r := m.run("adminctl", "status"); r.status != 0 {
		t.Errorf("adminctl status: %v", r)
	}
	t.Logf("start to READY: %v", startTime(t, m))
}

// startTime is how long the last start took until the daemon said READY.
func startTime(t *testing.T, m *machine) time.Duration {
	t.Helper()
	micros := func(name string) int64 {
		n, err := strconv.ParseInt(m.property(t, "stellad", name), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return time.Duration(micros("ActiveEnterTimestampMonotonic")-micros("ExecMainStartTimestampMonotonic")) * time.Microsecond
}

// worst is the exposure that the sandbox may have at most, of 10.
const worst = 0.8

// testSandbox: the unit's grade, and what it is about: no program but its own, no network, no privilege.
func testSandbox(t *testing.T, m *machine) {
	table := m.must(t, "systemd-analyze security --no-pager --offline=true stellad.service")
	grade := regexp.MustCompile(`Overall exposure level for stellad\.service: ([0-9.]+)`).FindStringSubmatch(table)
	if grade == nil {
		t.Fatalf("no grade:\n%s", table)
	}
	t.Log(grade[0])
	if exposure, err := strconv.ParseFloat(grade[1], 64); err != nil || exposure > worst {
		t.Errorf("want at most %v:\n%s", worst, table)
	}

	pid := m.property(t, "stellad", "MainPID")
	for _, line := range []string{"NoNewPrivs:\t1", "CapBnd:\t0000000000000000", "CapEff:\t0000000000000000", "Seccomp:\t2"} {
		if r := m.run("grep", "--line-regexp", line, "/proc/"+pid+"/status"); r.status != 0 {
			t.Errorf("the daemon's /proc/PID/status has no %q", line)
		}
	}
	if interfaces := m.must(t, "tail -n +3 /proc/"+pid+"/net/dev | cut -d: -f1 | tr -d ' '"); interfaces != "lo" {
		t.Errorf("the daemon's network has %q", interfaces)
	}
	// The unit with another program in it: the daemon's own runs, and nothing else does.
	for program, result := range map[string]string{"/usr/bin/stellad --version": "success 0", "/bin/true": "exit-code 203"} {
		m.must(t, `sed -e '/^Requires=/d' -e 's/^Type=.*/Type=oneshot/' -e 's/^Restart=.*//' -e 's|^ExecStart=.*|ExecStart=`+program+`|' \
			/lib/systemd/system/stellad.service >/run/systemd/system/probe.service; systemctl daemon-reload`)
		m.run("systemctl", "start", "probe.service")
		if got := m.property(t, "probe.service", "Result") + " " + m.property(t, "probe.service", "ExecMainStatus"); got != result {
			t.Errorf("%s in the sandbox: %s, want %s", program, got, result)
		}
		m.must(t, "rm /run/systemd/system/probe.service; systemctl daemon-reload; systemctl reset-failed")
	}
}
