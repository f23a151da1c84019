package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// offline are commands that must do their work without a network, and the status that they leave with.
var offline = []struct {
	name   string
	status int
	args   []string
}{
	{"bundle", 0, []string{"stella", "attest", "verify", "--offline", "--bundle", "sigstore-js.sigstore.json", "--trust-root", "trust", "--digest", demoDigest}},
	{"json", 0, []string{"stella", "attest", "verify", "--bundle", "sigstore-js.sigstore.json", "--trust-root", "trust", "-o", "json"}},
	{"folder", 2, []string{"stella", "attest", "verify", "--bundle", ".", "--trust-root", "trust"}},
	{"refusal", 3, []string{"stella", "attest", "verify", "--bundle", "sigstore-js.sigstore.json", "--trust-root", "trust/trusted_root.json"}},
	{"bad input", 2, []string{"stella", "attest", "verify", "--bundle", "README.md", "--trust-root", "trust"}},
	{"image", 2, []string{"stella", "attest", "verify", "--bundle", "sigstore-js.sigstore.json", "--trust-root", "trust", "--image", "README.md"}},
	{"proof", 0, []string{"stella", "rekor", "verify", "--offline", "--proof", "sigstore-js.sigstore.json", "--trust-root", "trust"}},
	{"timestamp", 2, []string{"stella", "timestamp", "verify", "--token", "README.md", "--data", "README.md", "--trust-root", "trust"}},
	{"trust", 0, []string{"adminctl", "trust", "show", "--trust-root", "trust"}},
	{"help", 0, []string{"stella", "attest", "verify", "--help"}},
}

// leaves checks a command's status.
func leaves(t *testing.T, status int, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		t.Fatalf("exit status %d, want %d\n%s", got, status, out)
	}
}

// TestNoNetwork runs them where there is none: in a network namespace of their own.
func TestNoNetwork(t *testing.T) {
	cut := "-rn"
	if os.Geteuid() == 0 {
		cut = "-n"
	}
	for _, c := range offline {
		t.Run(c.name, func(t *testing.T) {
			leaves(t, c.status, inDemo(append([]string{"unshare", cut}, c.args...)))
		})
	}
}

// otherSocket finds a call that made or used a socket of any family but AF_UNIX.
var otherSocket = regexp.MustCompile(`(?m)^.*\b(?:socket|connect)\((?:.*AF_(?:[^U]|U[^N])|[^A]*$).*$`)

// TestNoSocket traces every socket that they and their threads ask the kernel for.
func TestNoSocket(t *testing.T) {
	for _, c := range offline {
		t.Run(c.name, func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "trace")
			leaves(t, c.status, inDemo(append([]string{"strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", trace}, c.args...)))
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
