package peer_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"stellad/access"
	"stellad/daemon/peer"
)

const dialEnv = "STELLA_TEST_DIAL"

// TestMain has the test binary be a client too: one that connects and stays until it is hung up on.
func TestMain(m *testing.M) {
	if name := os.Getenv(dialEnv); name != "" {
		conn, err := net.Dial("unix", name)
		if err != nil {
			panic(err)
		}
		_, _ = io.Copy(io.Discard, conn)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func listen(t testing.TB) *net.UnixListener {
	t.Helper()
	dir, err := os.MkdirTemp("", "stella-peer") // t.TempDir's folders are closed to others
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	name := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: name})
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	must(t, os.Chmod(name, 0o666))
	return l
}

// accepted has a connection that dial makes.
func accepted(t testing.TB, l *net.UnixListener, dial func(name string)) net.Conn {
	t.Helper()
	dial(l.Addr().String())
	conn, err := l.Accept()
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func dialSelf(t testing.TB) func(string) {
	return func(name string) {
		conn, err := net.Dial("unix", name)
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() })
	}
}

// own is what this process is, by its own word.
func own(t testing.TB) access.Actor {
	t.Helper()
	groups, err := os.Getgroups()
	must(t, err)
	a := access.Actor{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	for _, g := range groups {
		a.Groups = append(a.Groups, uint32(g))
	}
	return a
}

func same(a, b access.Actor) bool {
	sorted := func(g []uint32) []uint32 { return slices.Sorted(slices.Values(g)) }
	return a.UID == b.UID && a.GID == b.GID && slices.Equal(sorted(a.Groups), sorted(b.Groups))
}

func TestOf(t *testing.T) {
	got, err := peer.Of(accepted(t, listen(t), dialSelf(t)))
	if want := own(t); err != nil || !same(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
}

// TestOfOthers: a client of another user and of many groups. Only root may become others; anybody else connects as
// itself.
func TestOfOthers(t *testing.T) {
	for _, groups := range []int{0, 1, 31, 32, 33, 100, 5000} {
		want := access.Actor{UID: 4242, GID: 4343}
		for i := range groups {
			want.Groups = append(want.Groups, uint32(70000+2*i))
		}
		as := &syscall.Credential{Uid: want.UID, Gid: want.GID, Groups: want.Groups}
		if os.Geteuid() != 0 {
			want, as = own(t), nil
		}
		l := listen(t)
		got, err := peer.Of(accepted(t, l, func(name string) {
			client := exec.Command("/proc/self/exe", "-test.run=^$")
			client.Env, client.SysProcAttr = append(os.Environ(), dialEnv+"="+name), &syscall.SysProcAttr{Credential: as}
			must(t, client.Start())
			t.Cleanup(func() { _ = client.Process.Kill(); _ = client.Wait() })
		}))
		if err != nil || !same(got, want) {
			t.Errorf("%d groups: uid %d, gid %d, %d groups, %v; want uid %d, gid %d, %d groups",
				groups, got.UID, got.GID, len(got.Groups), err, want.UID, want.GID, len(want.Groups))
		}
	}
}

// TestOfNobody: what is not a connection over a Unix socket has no actor, not even uid 0.
func TestOfNobody(t *testing.T) {
	pipe, other := net.Pipe()
	defer pipe.Close()
	defer other.Close()

	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	remote, err := net.Dial("tcp", tcp.Addr().String())
	must(t, err)
	defer remote.Close()
	local, err := tcp.Accept()
	must(t, err)
	defer local.Close()

	closed := accepted(t, listen(t), dialSelf(t))
	must(t, closed.Close())

	datagrams, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(t.TempDir(), "d")})
	must(t, err)
	defer datagrams.Close()

	for name, conn := range map[string]net.Conn{
		"no socket": pipe, "TCP": local, "a closed socket": closed, "a socket that nobody connected": datagrams,
	} {
		if got, err := peer.Of(conn); err == nil || !same(got, access.Actor{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
