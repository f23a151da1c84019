package socket_test

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stellad/internal/socket"
)

// inherited has a child take over files under names, as systemd hands them down.
func inherited(t testing.TB, names string, pid string, files ...*os.File) heritage {
	t.Helper()
	cmd := child(t, "inherit", files...)
	cmd.Env = append(cmd.Env, "LISTEN_PID="+pid, "LISTEN_FDS="+strconv.Itoa(len(files)))
	if names != "-" {
		cmd.Env = append(cmd.Env, "LISTEN_FDNAMES="+names)
	}
	out, err := cmd.Output()
	must(t, err)
	var h heritage
	must(t, json.Unmarshal(out, &h))
	return h
}

type filer interface{ File() (*os.File, error) }

func fileOf(t testing.TB, socket filer) *os.File {
	t.Helper()
	f, err := socket.File()
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func listener(t testing.TB) (*os.File, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: name})
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return fileOf(t, l), name
}

func TestInherited(t *testing.T) {
	first, firstName := listener(t)
	second, secondName := listener(t)
	for _, c := range []struct {
		names         string
		admin, verify string
	}{
		{"admin:verify", firstName, secondName},
		{"verify:admin", secondName, firstName},
	} {
		said := make(chan string, 2) // they wait in the backlog until the child accepts
		for _, name := range []string{c.admin, c.verify} {
			conn, err := net.Dial("unix", name)
			must(t, err)
			go func() {
				text, _ := io.ReadAll(conn)
				said <- filepath.Dir(name) + " " + string(text)
				_ = conn.Close()
			}()
		}
		h := inherited(t, c.names, "mine", first, second)
		if h.Err != "" || len(h.Addresses) != 2 || h.Addresses["admin"] != c.admin || h.Addresses["verify"] != c.verify {
			t.Errorf("%s: %+v", c.names, h)
		}
		if len(h.Env) > 0 {
			t.Errorf("left to children of the daemon: %s", h.Env)
		}
		got := []string{<-said, <-said}
		slices.Sort(got)
		want := []string{filepath.Dir(c.admin) + " admin", filepath.Dir(c.verify) + " verify"}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: clients heard %q, want %q", c.names, got, want)
		}
	}
}

// TestInheritedNothing: without sockets of its own the daemon makes some; those of another process are not its own.
func TestInheritedNothing(t *testing.T) {
	if got, err := socket.Inherited("admin", "verify"); got != nil || err != nil {
		t.Errorf("no environment: %v %v", got, err)
	}
	file, _ := listener(t)
	for name, h := range map[string]heritage{
		"another's":  inherited(t, "admin:verify", strconv.Itoa(os.Getpid()), file, file),
		"nobody's":   inherited(t, "admin:verify", "", file, file),
		"no sockets": inherited(t, "", "mine"),
	} {
		if h.Err != "" || !h.Nothing {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func TestInheritedRefused(t *testing.T) {
	dir := t.TempDir()
	a, _ := listener(t)
	b, _ := listener(t)
	c, _ := listener(t)
	overTCP, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	overUDP, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	datagrams, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(dir, "d")})
	must(t, err)
	packets, err := net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: filepath.Join(dir, "p")})
	must(t, err)
	_, name := listener(t)
	connected, err := net.Dial("unix", name)
	must(t, err)
	null, err := os.Open(os.DevNull)
	must(t, err)
	for _, closer := range []io.Closer{overTCP, overUDP, datagrams, packets, connected, null} {
		defer closer.Close()
	}
	tcp, udp, gram := fileOf(t, overTCP.(filer)), fileOf(t, overUDP), fileOf(t, datagrams)
	packet, talk := fileOf(t, packets), fileOf(t, connected.(filer))

	for _, c := range []struct {
		name, names string
		files       []*os.File
		reason      string
	}{
		{"verify is missing", "admin", []*os.File{a}, `none is called "verify"`},
		{"admin is missing", "verify", []*os.File{a}, `none is called "admin"`},
		{"admin twice", "admin:admin:verify", []*os.File{a, b, c}, `two are called "admin"`},
		{"admin twice, and no verify", "admin:admin", []*os.File{a, b}, `two are called "admin"`},
		{"a foreign one", "admin:verify:debug", []*os.File{a, b, c}, `"debug" is none of ["admin" "verify"]`},
		{"capitals", "Admin:verify", []*os.File{a, b}, `"Admin" is none of`},
		{"no names", "-", []*os.File{a, b}, `"LISTEN_FD_3" is none of`},
		{"an empty name", "admin::verify", []*os.File{a, b, c}, `"LISTEN_FD_4" is none of`},
		{"a name too few", "admin:verify", []*os.File{a, b, c}, `"LISTEN_FD_5" is none of`},
		{"TCP", "admin:verify", []*os.File{a, tcp}, `"verify" is no listening Unix stream socket`},
		{"UDP", "admin:verify", []*os.File{udp, b}, `"admin" is no listening Unix stream socket`},
		{"datagrams", "admin:verify", []*os.File{a, gram}, `"verify" is no listening Unix stream socket`},
		{"packets", "admin:verify", []*os.File{a, packet}, `"verify" is no listening Unix stream socket`},
		{"a connection", "admin:verify", []*os.File{a, talk}, `"verify" is no listening Unix stream socket`},
		{"no socket", "admin:verify", []*os.File{a, null}, `"verify" is no listening Unix stream socket`},
		{"UDP beside them", "admin:verify:debug", []*os.File{a, b, udp}, `"debug" is none of`},
		{"a file beside them", "admin:verify:debug", []*os.File{a, b, null}, `"debug" is none of`},
		{"no sockets at all", "admin:verify", []*os.File{null, null}, `"admin" is no listening Unix stream socket`},
	} {
		h := inherited(t, c.names, "mine", c.files...)
		if !strings.HasPrefix(h.Err, "sockets of systemd: ") || !strings.Contains(h.Err, c.reason) || strings.Contains(h.Err, "\n") || !h.Nothing {
			t.Errorf("%s: want one line with %s, got %+v", c.name, c.reason, h)
		}
	}
}
