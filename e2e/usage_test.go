package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// usage is what a daemon holds.
type usage struct {
	resident    int64 // bytes
	descriptors int
	connections int
	calls       int
}

func (u usage) String() string {
	return fmt.Sprintf("%d MB, %d descriptors, %d connections, %d calls", u.resident>>20, u.descriptors, u.connections, u.calls)
}

func (u usage) max(v usage) usage {
	return usage{max(u.resident, v.resident), max(u.descriptors, v.descriptors), max(u.connections, v.connections), max(u.calls, v.calls)}
}

// usage asks the kernel and, by admin.sock, the daemon.
func (d *appliance) usage(t *testing.T) usage {
	t.Helper()
	descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	u := usage{resident: d.resident(t), descriptors: len(descriptors)}
	u.connections, u.calls = d.clients(t)
	return u
}

// resident is the daemon's memory, in bytes.
func (d *appliance) resident(t testing.TB) int64 {
	t.Helper()
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

var clients = regexp.MustCompile(`([0-9]+) connections, ([0-9]+) calls`)

func (d *appliance) clients(t *testing.T) (connections, calls int) {
	t.Helper()
	out, err := d.command("adminctl", "status", "-o", "json").Output()
	if err != nil {
		t.Fatalf("the administrator: %v", err)
	}
	m := clients.FindSubmatch(out)
	if m == nil {
		t.Fatalf("no clients in %s", out)
	}
	connections, _ = strconv.Atoi(string(m[1]))
	calls, _ = strconv.Atoi(string(m[2]))
	return connections, calls
}
