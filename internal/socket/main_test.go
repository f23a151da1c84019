package socket_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"stellad/internal/socket"
)

// The test binary is its own children, by this variable.
const childEnv = "STELLA_TEST_CHILD"

func TestMain(m *testing.M) {
	switch child := os.Getenv(childEnv); child {
	case "":
		os.Exit(m.Run())
	case "inherit":
		inherit()
	default:
		stalk(child)
	}
}

// A heritage is what a child of systemd's has of Inherited.
type heritage struct {
	Err       string
	Addresses map[string]string // by name
	Nothing   bool
	Env       []string // that is left
}

// inherit has sockets handed down to it. LISTEN_PID is set here: only the child knows its own before it starts.
func inherit() {
	if os.Getenv("LISTEN_PID") == "mine" {
		_ = os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	}
	got, err := socket.Inherited("admin", "verify")
	h := heritage{Nothing: got == nil, Addresses: map[string]string{}}
	if err != nil {
		h.Err = err.Error()
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		if value, ok := os.LookupEnv(name); ok {
			h.Env = append(h.Env, name+"="+value)
		}
	}
	for name, l := range got {
		h.Addresses[name] = l.Addr().String()
		_ = l.(*net.UnixListener).SetDeadline(time.Now().Add(10 * time.Second)) // where nobody comes, the test says so
		if conn, err := l.Accept(); err == nil {
			_, _ = fmt.Fprint(conn, name)
			_ = conn.Close()
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(h)
	os.Exit(0)
}

// stalk looks at a name until stdin ends, and says what it saw that it should not: a mode other than 0600, or a way in.
// It is another user, where the test may choose.
func stalk(name string) {
	done := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(done) }()
	fmt.Println("looking")
	for looks := 0; ; looks++ {
		select {
		case <-done:
			fmt.Println("looks:", looks)
			os.Exit(0)
		default:
		}
		if info, err := os.Lstat(name); err == nil && info.Mode() != fs.ModeSocket|0o600 {
			fmt.Println("mode", info.Mode())
		}
		if os.Geteuid() == 0 {
			continue
		}
		for _, way := range []string{name, bound(name)} {
			conn, err := net.Dial("unix", way)
			if err == nil {
				_ = conn.Close()
				fmt.Println("got in by", way)
			} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EACCES) {
				fmt.Println("came near:", err)
			}
		}
	}
}

func child(t testing.TB, role string, files ...*os.File) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	// The race detector waits for a second before it lets a process end.
	cmd.Env = append(os.Environ(), childEnv+"="+role, "GORACE=atexit_sleep_ms=0")
	cmd.ExtraFiles, cmd.Stderr = files, os.Stderr
	return cmd
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
