package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	stellav1 "stellad/api/stella/v1"
)

// abuser is the user who attacks, with nothing but the right to verify. The service beside is whoever runs the tests.
const abuser = 64000

// TestAbuse attacks verify.sock in every way of attacks while a service verifies: its calls go on, the daemon's memory
// and descriptors are bounded, and all is back to where it was soon after.
func TestAbuse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users at once")
	}
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) { besiege(t, a) })
	}
}

// TestAbuseWithFewDescriptors does the one that takes most of them, where there are 256.
func TestAbuseWithFewDescriptors(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users at once")
	}
	for _, a := range attacks {
		if a.name == "idle connections" {
			besiege(t, a, "prlimit", "--nofile=256:256")
		}
	}
}

func besiege(t *testing.T, a attack, wrapper ...string) {
	d := startOpen(t, wrapper...)
	service := startService(t, d)
	service.calls(t, 50) // warm, so that what stays was there before
	before := d.usage(t)

	ctx, end := context.WithTimeout(t.Context(), 3*time.Second)
	defer end()
	attacked := make(chan struct{})
	go func() { defer close(attacked); a.run(ctx, t, d.verifySocket()) }()
	peak := before
	for running := true; running; {
		service.calls(t, 20)
		peak = peak.max(d.usage(t))
		select {
		case <-attacked:
			running = false
		default:
		}
	}
	service.report(t, a.name, before, peak)
	d.recovers(t, before)
}

// recovers waits until what the daemon holds is what it held.
func (d *appliance) recovers(t *testing.T, before usage) {
	t.Helper()
	var now usage
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		now = d.usage(t)
		if now.descriptors <= before.descriptors && now.connections <= before.connections && now.calls <= before.calls {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("30 s after: %v, before: %v", now, before)
		}
	}
}

// startOpen starts stellad with sockets that everybody may connect to: what keeps the abuser in bounds is the daemon.
func startOpen(t *testing.T, wrapper ...string) *appliance {
	t.Helper()
	dir, err := os.MkdirTemp("", "stella-abuse-") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "trust"), os.DirFS(filepath.Join("..", "packaging", "demo", "trust"))); err != nil {
		t.Fatal(err)
	}
	policy := fmt.Sprintf("version = 1\n[roles]\nadministrator = [\"*:*\"]\nservice = [\"attestations:verify\"]\n[users]\n\"uid:%d\" = [\"administrator\"]\n\"uid:%d\" = [\"service\"]\n", os.Geteuid(), abuser)
	if err := os.WriteFile(filepath.Join(dir, "access.toml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startAppliance(t, dir, wrapper...)
	if err := os.Chmod(filepath.Join(dir, "run"), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(d.verifySocket(), 0o666); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *appliance) verifySocket() string { return filepath.Join(d.dir, "run", "verify.sock") }

// A service verifies the same bundle again and again.
type service struct {
	client stellav1.VerifyServiceClient
	bundle []byte
	took   []time.Duration
	failed []error
}

func startService(t *testing.T, d *appliance) *service {
	t.Helper()
	bundle, err := os.ReadFile(filepath.Join("..", "packaging", "demo", "sigstore-js.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	return &service{client: stellav1.NewVerifyServiceClient(d.dial(t)), bundle: bundle}
}

// dial gives a connection of its own to verify.sock, which ends with the test.
func (d *appliance) dial(t testing.TB) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+d.verifySocket(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (s *service) calls(t *testing.T, n int) {
	for range n {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		start := time.Now()
		resp, err := s.client.Verify(ctx, &stellav1.VerifyRequest{Document: s.bundle})
		s.took = append(s.took, time.Since(start))
		if err == nil && !resp.GetVerified() {
			err = fmt.Errorf("refused: %s", resp.GetReason())
		}
		if err != nil {
			s.failed = append(s.failed, err)
		}
		cancel()
	}
}

func (s *service) report(t *testing.T, attack string, before, peak usage) {
	t.Helper()
	slices.Sort(s.took)
	n := len(s.took)
	t.Logf("%s: %d calls of the service, %d failed, p50 %v, p99 %v; %v before, %v at most", attack, n, len(s.failed),
		s.took[n/2].Round(time.Microsecond), s.took[n*99/100].Round(time.Microsecond), before, peak)
	if len(s.failed)*1000 > n {
		t.Errorf("%d of %d calls of the service failed, the first with %v", len(s.failed), n, s.failed[0])
	}
	if peak.resident > before.resident+384<<20 {
		t.Errorf("memory went from %v to %v", before, peak)
	}
	if peak.descriptors > 1100 || strings.HasPrefix(t.Name(), "TestAbuseWithFew") && peak.descriptors > 256 {
		t.Errorf("descriptors went from %v to %v", before, peak)
	}
}
