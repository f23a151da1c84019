package e2e

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const checkPath = "/grpc.health.v1.Health/Check"

// served is the status of a call that a handler answered.
const served = "grpc-status 0"

// TestRawPath writes a call's path by hand, in ways that no client's library would: what is not a method's name to the
// letter reaches no handler, of that method or of another, and is told so.
func TestRawPath(t *testing.T) {
	d, _ := demoAppliance(t)
	const verify = verifyPath
	for _, c := range []struct{ name, path, want string }{
		{"as it is", checkPath, served},
		{"no slash", checkPath[1:], "grpc-status 12"},
		{"no slash, guarded", verify[1:], "grpc-status 12"},
		{"two slashes", "/" + checkPath, "grpc-status 12"},
		{"two slashes, guarded", "/" + verify, "grpc-status 12"},
		{"two slashes inside", "/grpc.health.v1.Health//Check", "grpc-status 12"},
		{"a slash at its end", checkPath + "/", "grpc-status 12"},
		{"another case", "/grpc.health.v1.health/check", "grpc-status 12"},
		{"capitals", "/GRPC.HEALTH.V1.HEALTH/CHECK", "grpc-status 12"},
		{"an encoded slash", "/grpc.health.v1.Health%2FCheck", "grpc-status 12"},
		{"an encoded letter", "/grpc.health.v1.Health/%43heck", "grpc-status 12"},
		{"a query", checkPath + "?x", "grpc-status 12"},
		{"a folder up", "/x/.." + checkPath, "grpc-status 12"},
		{"a space", checkPath + " ", "grpc-status 12"},
		{"a NUL", checkPath + "\x00", "no answer"},
		{"an absolute URI", "http://x" + checkPath, "grpc-status 12"},
		{"the service alone", "/grpc.health.v1.Health", "grpc-status 12"},
		{"the service and a slash", "/grpc.health.v1.Health/", "grpc-status 12"},
		{"the method alone", "/Check", "grpc-status 12"},
		{"slashes alone", "//", "grpc-status 12"},
		{"a slash alone", "/", "grpc-status 12"},
		{"a star", "*", "grpc-status 12"},
		{"nothing", "", "grpc-status 12"},
	} {
		for _, socket := range []string{"verify", "admin"} {
			if got := callByHand(t, filepath.Join(d.dir, "run", socket+".sock"), c.path); got != c.want {
				t.Errorf("%s.sock: %s: %q: %s, want %s", socket, c.name, c.path, got, c.want)
			}
		}
	}
}

// callByHand sends an empty request to a path, and tells how it was answered.
func callByHand(t *testing.T, socket, path string) string {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(turnTime)); err != nil {
		t.Fatal(err)
	}
	a := greet(conn)
	a.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	a.headers(1, path, "application/grpc", false)
	_ = a.framer.WriteData(1, true, prefix(0))
	for {
		frame, err := a.framer.ReadFrame()
		if err != nil {
			return err.Error()
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			for _, h := range f.Fields {
				if h.Name == "grpc-status" {
					return h.Name + " " + h.Value
				}
			}
		case *http2.RSTStreamFrame:
			return "no answer"
		}
	}
}
