package seal

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// child runs sleep with files beyond the standard ones, until the test ends.
func child(t *testing.T, files ...*os.File) (pid int) {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.ExtraFiles = files
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// named finds a seal by its name.
func named(t *testing.T, seals []Seal, name string) Seal {
	t.Helper()
	for _, s := range seals {
		if s.Name == name {
			if s.Proof == "" || strings.Contains(s.Proof, "\n") {
				t.Errorf("%s is shown by %q", name, s.Proof)
			}
			return s
		}
	}
	t.Fatalf("no %q among %v", name, seals)
	return Seal{}
}

// TestSocketsOfAChild: a socket of the network breaks the seal, a Unix socket does not.
func TestSocketsOfAChild(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	network, err := tcp.(*net.TCPListener).File()
	must(t, err)
	defer network.Close()
	local, err := net.ListenUnix("unix", &net.UnixAddr{Name: t.TempDir() + "/s", Net: "unix"})
	must(t, err)
	defer local.Close()
	file, err := local.File()
	must(t, err)
	defer file.Close()
	for why, c := range map[string]struct {
		files []*os.File
		holds bool
		says  string
	}{
		"none":          {nil, true, "0 open"},
		"a Unix socket": {[]*os.File{file}, true, "1 open, all Unix"},
		"a TCP socket":  {[]*os.File{network}, false, "1 of them no Unix"},
		"one of each":   {[]*os.File{file, network}, false, "2 open, 1 of them no Unix"},
	} {
		s := named(t, Child("worker", child(t, c.files...)), "worker sockets")
		if s.Holds != c.holds || !strings.Contains(s.Proof, c.says) {
			t.Errorf("%s: %+v", why, s)
		}
	}
}

// TestOwnSockets: this process's are asked for in the same way.
func TestOwnSockets(t *testing.T) {
	before := named(t, Own(), "sockets")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	if after := named(t, Own(), "sockets"); !before.Holds || after.Holds || !strings.Contains(after.Proof, "1 of them no Unix") {
		t.Errorf("%+v, then %+v", before, after)
	}
}

// TestFilesOfAChild: one that may open files is not sealed; one whose limit is zero is.
func TestFilesOfAChild(t *testing.T) {
	pid := child(t)
	if s := named(t, Child("worker", pid), "worker files"); s.Holds {
		t.Errorf("%+v", s)
	}
	out, err := exec.Command("prlimit", "--nofile=0:0", "--pid", strconv.Itoa(pid)).CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit: %v %s", err, out)
	}
	if s := named(t, Child("worker", pid), "worker files"); !s.Holds {
		t.Errorf("%+v", s)
	}
}

// TestPrivilegesOfAChild: no capability is not enough where one could be gained.
func TestPrivilegesOfAChild(t *testing.T) {
	for why, c := range map[string]struct {
		command []string
		holds   bool
	}{
		"as it is":                {[]string{"sleep", "60"}, false},
		"none, and none to gain":  {[]string{"setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups", "--no-new-privs", "sleep", "60"}, true},
		"none, and some to gain":  {[]string{"setpriv", "--reuid=65534", "--clear-groups", "sleep", "60"}, false},
		"all, and no more to get": {[]string{"setpriv", "--no-new-privs", "sleep", "60"}, false},
	} {
		if os.Geteuid() != 0 && why != "as it is" {
			continue // only root has any to give up
		}
		cmd := exec.Command(c.command[0], c.command[1:]...)
		must(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		for name := ""; name != "sleep"; { // setpriv becomes it
			lines, err := status(cmd.Process.Pid)
			must(t, err)
			name = lines["Name"]
		}
		if s := named(t, Child("worker", cmd.Process.Pid), "worker privileges"); s.Holds != c.holds && os.Geteuid() == 0 {
			t.Errorf("%s: %+v", why, s)
		}
	}
}

// TestGone: of a process that is not there, nothing holds.
func TestGone(t *testing.T) {
	cmd := exec.Command("true")
	must(t, cmd.Run())
	for _, s := range Child("worker", cmd.Process.Pid) {
		if s.Holds || !strings.Contains(s.Proof, "not known") {
			t.Errorf("%+v", s)
		}
	}
}
