package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostile are policies that do harm or lie by their mistakes. All of them would pass if the host were careless.
var hostile = map[string]string{
	"for ever in one function": `decision := pass if count(regex.find_n("(.*)*(.*)*(.*)*x", concat("", [x | some i in numbers.range(1, 2000000); x := "a"]), -1)) >= 0`,
	"all paths of a graph":     `decision := pass if count(graph.reachable_paths({n: [m | some m in numbers.range(1, 30); m != n] | some n in numbers.range(1, 30)}, {1})) >= 0`,
	"all memory":               `decision := pass if count([x | some i in numbers.range(1, 100000); x := sprintf("%0100000d", [i])]) >= 0`,
	"a loop in a loop":         `decision := pass if count([1 | some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a == b]) >= 0`,
	"undefined":                `decision := pass if input.attestations[_].predicateType == "none"`,
	"a default beside an error": `default decision := {"gates": [{"name": "all", "passed": true, "before": true, "reasons": [], "looked": []}], "exceptions": []}
decision := {"gates": [], "exceptions": []} if time.parse_rfc3339_ns("never") > 0`,
}

// TestHostilePolicies: each is denied soon, the workers come back, others are served meanwhile, and nobody makes a socket.
func TestHostilePolicies(t *testing.T) {
	k := startKeyed(t)
	artifact := "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	k.exits(t, 0, "adminctl", "key", "generate", "--role", "policy", "--label", "policy-1")
	k.exits(t, 3, "stella", "policy", "evaluate", "--artifact", artifact, "--environment", "production")
	traced := k.trace(t)
	for name, body := range hostile {
		k.put(t, body)
		other := k.inMade("stella", "policy", "list")
		began := time.Now()
		must(t, other.Start())
		out := k.exits(t, 3, "stella", "policy", "evaluate", "--artifact", artifact, "--environment", "production")
		took := time.Since(began)
		if !strings.HasPrefix(out, "BLOCKED - ") || took > 5*time.Second {
			t.Errorf("%s: after %v\n%s", name, took, out)
		}
		if err := other.Wait(); err != nil {
			t.Errorf("%s: another client: %v", name, err)
		}
	}
	// What has a network is refused when it is taken in.
	for _, body := range []string{
		`decision := pass if http.send({"method": "get", "url": "http://127.0.0.1:1/"}).status_code == 200`,
		`decision := pass if net.lookup_ip_addr("localhost") != set()`,
		`decision := pass if opa.runtime().env.HOME != ""`,
	} {
		k.write(t, body)
		k.exits(t, 2, "stella", "policy", "load", "hostile", "--sign")
	}
	k.exits(t, 0, "stella", "policy", "activate", k.pack(t))
	if out := k.exits(t, 3, "stella", "policy", "evaluate", "--artifact", artifact, "--environment", "production"); strings.Count(out, "\n") < 12 {
		t.Errorf("the workers are back, and yet:\n%s", out)
	}
	if found := otherSocket.Find(traced()); found != nil {
		t.Errorf("a socket was asked for: %s", found)
	}
}

// trace follows the daemon and its workers, those to come too. What it returns ends that and gives what was seen.
func (k keyed) trace(t *testing.T) func() []byte {
	t.Helper()
	name := k.path("trace")
	args := []string{"-f", "-qq", "-e", "trace=socket,connect,prctl", "-o", name, "-p", strconv.Itoa(k.cmd.Process.Pid)}
	children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", k.cmd.Process.Pid))
	must(t, err)
	for _, list := range children {
		text, err := os.ReadFile(list)
		must(t, err)
		for _, pid := range strings.Fields(string(text)) {
			args = append(args, "-p", pid)
		}
	}
	if len(args) < 12 {
		t.Fatalf("no workers: %q", args)
	}
	strace := exec.Command("strace", args...)
	must(t, strace.Start())
	time.Sleep(500 * time.Millisecond) // until it follows all threads
	return func() []byte {
		must(t, strace.Process.Signal(syscall.SIGINT))
		_ = strace.Wait()
		text, err := os.ReadFile(name)
		must(t, err)
		// A worker that was killed has one after it, which seals itself: it was followed.
		if !strings.Contains(string(text), "PR_SET_NO_NEW_PRIVS") {
			t.Errorf("no new worker was followed:\n%.2000s", text)
		}
		return text
	}
}

// write makes the folder of a policy that has a body.
func (k keyed) write(t *testing.T, body string) {
	t.Helper()
	for name, text := range map[string]string{
		"stella/decision.rego": "package stella\n\npass := {\"gates\": [{\"name\": \"all\", \"passed\": true, \"before\": true, \"reasons\": [], \"looked\": []}], \"exceptions\": []}\n\n" + body + "\n",
		"data.json":            `{"stella": {"environments": {"production": {}}, "schema": {}}}`,
		".manifest":            `{"roots": ["stella"], "rego_version": 1}`,
	} {
		file := filepath.Join(k.path("hostile"), name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		must(t, os.WriteFile(file, []byte(text), 0o600))
	}
}

func (k keyed) put(t *testing.T, body string) {
	t.Helper()
	k.write(t, body)
	out := k.exits(t, 0, "stella", "policy", "load", "hostile", "--sign")
	digest, _, _ := strings.Cut(strings.TrimPrefix(out, "taken in: "), "\n")
	k.exits(t, 0, "stella", "policy", "activate", digest)
}

// pack takes the built-in policy in, as anybody could have written it.
func (k keyed) pack(t *testing.T) string {
	t.Helper()
	k.exits(t, 0, "stella", "policy", "export", "built-in", "--out", "built-in.tar.gz")
	out := k.exits(t, 0, "stella", "policy", "load", "built-in.tar.gz", "--sign")
	digest, _, _ := strings.Cut(strings.TrimPrefix(out, "taken in: "), "\n")
	return digest
}
