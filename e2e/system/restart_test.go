//go:build system

package system

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	stellav1 "stellad/api/stella/v1"
)

// inodes are of the sockets: another inode is another socket, and who waited at the one before waits for ever.
func inodes(t *testing.T, m *machine) string {
	t.Helper()
	return m.must(t, "stat --format=%i /run/stella/admin.sock /run/stella/verify.sock")
}

// connect opens a stream to the daemon and leaves it open until the test ends.
func connect(t *testing.T, m *machine) stellav1.VerifyServiceClient {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+m.socket("verify"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	client := stellav1.NewVerifyServiceClient(conn)
	stream, err := client.VerifyStream(ctx, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	// One answer shows that the stream is under way, whatever it says of a request with nothing in it.
	if err := stream.Send(&stellav1.VerifyStreamRequest{Request: &stellav1.VerifyRequest{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	return client
}

// testRestart: the sockets outlive the service, and no call that is made meanwhile fails.
func testRestart(t *testing.T, m *machine) {
	before := inodes(t, m)
	slowest := callsDuring(t, m, func() {
		for range 3 {
			start := time.Now()
			m.must(t, "systemctl restart stellad")
			t.Logf("restart: %v, start to READY: %v", time.Since(start).Round(time.Millisecond), startTime(t, m))
		}
	})
	t.Logf("slowest call meanwhile: %v", slowest)
	if after := inodes(t, m); after != before {
		t.Errorf("the sockets' inodes were %q and are %q", before, after)
	}
}

// callsDuring has users call all the time that work takes, and a little longer. No call may fail.
func callsDuring(t *testing.T, m *machine, work func()) (slowest time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var calling sync.WaitGroup
	var mu sync.Mutex
	count := 0
	for _, call := range []func() result{
		func() result { return m.as("ada", "adminctl", "status") },
		func() result { return m.verify("sam") },
	} {
		calling.Go(func() {
			for ctx.Err() == nil {
				start := time.Now()
				r := call()
				mu.Lock()
				count++
				slowest = max(slowest, time.Since(start))
				mu.Unlock()
				if r.status != 0 {
					t.Errorf("a call meanwhile: %v", r)
				}
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	work()
	time.Sleep(200 * time.Millisecond)
	cancel()
	calling.Wait()
	t.Logf("%d calls meanwhile", count)
	return slowest
}
