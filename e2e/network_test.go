package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// offline are the commands that must do their work without a network.
var offline = [][]string{
	{"stella", "attest", "verify", "--offline", "--bundle", "sigstore-js.sigstore.json", "--trust-root", "trust", "--digest", demoDigest},
	{"stella", "rekor", "verify", "--offline", "--proof", "sigstore-js.sigstore.json", "--trust-root", "trust"},
}

// TestNoNetwork runs them where there is none: in a network namespace of their own.
func TestNoNetwork(t *testing.T) {
	cut := "-rn"
	if os.Geteuid() == 0 {
		cut = "-n"
	}
	for _, args := range offline {
		t.Run(args[1], func(t *testing.T) {
			if out, err := inDemo(append([]string{"unshare", cut}, args...)).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

// otherSocket finds a call that made or used a socket of any family but AF_UNIX.
var otherSocket = regexp.MustCompile(`(?m)^.*\b(?:socket|connect)\((?:.*AF_(?:[^U]|U[^N])|[^A]*$).*$`)

// TestNoSocket traces every socket that they and their threads ask the kernel for.
func TestNoSocket(t *testing.T) {
	for _, args := range offline {
		t.Run(args[1], func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "trace")
			out, err := inDemo(append([]string{"strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", trace}, args...)).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			text, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			if found := otherSocket.Find(text); found != nil {
				t.Errorf("it asked for a socket: %s", found)
			}
		})
	}
}

// TestSocketIsSeen holds that the trace would show a socket, were there one.
func TestSocketIsSeen(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", trace, "bash", "-c", "exec 3<>/dev/udp/127.0.0.1/9")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if !otherSocket.Match(text) {
		t.Errorf("not seen in\n%s", text)
	}
	if otherSocket.MatchString("1 socket(AF_UNIX, SOCK_STREAM, 0) = 3\n2 connect(3, {sa_family=AF_UNIX, sun_path=\"/x\"}, 5) = 0\n") {
		t.Error("AF_UNIX is seen as another family")
	}
}

func inDemo(args []string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = filepath.Join("..", "packaging", "demo")
	return cmd
}
