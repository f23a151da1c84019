package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	stellav1 "stellad/api/stella/v1"
)

// TestStartAndStop has clients call all the time while their daemon is stopped, or killed, and started again on what it
// left. Each call ends in time, with the right answer or as unavailable; nothing of it stays in the client.
func TestStartAndStop(t *testing.T) {
	d, bundle := demoAppliance(t)
	text, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	d.answers(t)
	before := holdings(t)
	callers := &callers{document: text, socket: d.verifySocket()}
	ctx, end := context.WithCancel(t.Context())
	for range 4 {
		callers.running.Go(func() { callers.call(ctx, t) })
	}
	for turn := range 10 {
		time.Sleep(100 * time.Millisecond)
		if turn%2 == 0 {
			d.stop(t)
		} else {
			d.kill(t)
		}
		d = startAppliance(t, d.dir)
		d.answers(t)
	}
	end()
	callers.running.Wait()
	t.Logf("%d calls answered, %d unavailable", callers.answered.Load(), callers.unavailable.Load())
	if callers.answered.Load() < 100 || callers.unavailable.Load() < 10 {
		t.Error("too few to show anything")
	}
	d.wait(t, "end of what the calls held: "+before.String(), func() bool { return holdings(t).within(before) })
}

// kill ends the daemon as a crash does, and adds what a crash in the making of a socket leaves.
func (d *appliance) kill(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = d.cmd.Wait() // it was killed
	for _, name := range []string{"verify.sock", "admin.sock"} {
		if _, err := os.Lstat(filepath.Join(d.dir, "run", name)); err != nil {
			t.Errorf("not left: %v", err)
		}
		half := filepath.Join(d.dir, "run", "."+name+".new")
		if err := os.Mkdir(half, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mknod(filepath.Join(half, "s"), syscall.S_IFSOCK|0o755, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// answers waits until both sockets have somebody behind them: one that was killed leaves its own.
func (d *appliance) answers(t *testing.T) {
	t.Helper()
	for _, name := range []string{"admin", "verify"} {
		conn, err := grpc.NewClient("unix:"+filepath.Join(d.dir, "run", name+".sock"), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		d.wait(t, "answer at "+name+".sock", func() bool {
			conn.ResetConnectBackoff()
			_, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
			return err == nil
		})
		_ = conn.Close()
	}
}

// callers call, each over a connection of its own, which it now and then makes anew.
type callers struct {
	document []byte
	socket   string

	running               sync.WaitGroup
	answered, unavailable atomic.Int64
}

// deadline is each call's.
const deadline = 5 * time.Second

func (c *callers) call(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		conn, err := grpc.NewClient("unix:"+c.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Error(err)
			return
		}
		for n := 0; n < 20 && ctx.Err() == nil; n++ {
			c.once(t, stellav1.NewVerifyServiceClient(conn), n)
		}
		_ = conn.Close()
	}
}

// once asks about the artifact that was signed or about another, each remembered by now or not.
func (c *callers) once(t *testing.T, client stellav1.VerifyServiceClient, n int) {
	req := &stellav1.VerifyRequest{Document: c.document, Artifact: demoArtifact(n / 2)}
	signed := n%2 == 0
	if !signed {
		req.GetArtifact().GetAny()[0].Sha512[0] ^= 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	start := time.Now()
	resp, err := client.Verify(ctx, req)
	if took := time.Since(start); took > deadline+time.Second {
		t.Errorf("a call took %v", took)
	}
	switch {
	case err == nil && resp.GetVerified() == signed && signed == (resp.GetReason() == ""):
		c.answered.Add(1)
	case err == nil:
		t.Errorf("signed is %t, and the verdict %v", signed, resp)
	case status.Code(err) == codes.Unavailable && status.Convert(err).Message() != "":
		c.unavailable.Add(1)
		time.Sleep(time.Millisecond)
	default:
		t.Errorf("neither an answer nor unavailable: %v", err)
	}
}

// held is what this process holds.
type held struct{ descriptors, goroutines int }

func (h held) String() string {
	return fmt.Sprintf("at most %d descriptors, %d goroutines", h.descriptors, h.goroutines)
}

func (h held) within(limit held) bool {
	return h.descriptors <= limit.descriptors && h.goroutines <= limit.goroutines
}

func holdings(t *testing.T) held {
	t.Helper()
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return held{len(descriptors), runtime.NumGoroutine()}
}
