package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	stellav1 "stellad/api/stella/v1"
)

// An attack goes on until ctx ends, and has all its connections closed when it returns.
type attack struct {
	name string
	run  func(ctx context.Context, t *testing.T, socket string)
}

const verifyPath = "/stella.v1.VerifyService/Verify"

var attacks = []attack{
	{"idle connections", func(ctx context.Context, t *testing.T, socket string) {
		conns := connect(t, socket, 2000)
		defer closeAll(conns)
		<-ctx.Done()
	}},
	{"a path without its slash", repeat(func(a *http2Conn) {
		a.headers(1, verifyPath[1:], "application/grpc", true)
		a.answers()
	})},
	{"unknown services", repeat(func(a *http2Conn) {
		a.headers(1, "/no.such.Service/Method", "application/grpc", true)
		a.headers(3, "/", "application/grpc", true)
		a.headers(5, "/stella.v1.StatusService/Status", "application/grpc", true)
		a.answers()
	})},
	{"wrong content types", repeat(func(a *http2Conn) {
		a.headers(1, verifyPath, "text/html", true)
		a.headers(3, verifyPath, "", true)
		a.answers()
	})},
	{"half a request", hold(300, func(a *http2Conn) {
		for id := uint32(1); id < 64; id += 2 {
			a.headers(id, verifyPath, "application/grpc", false)
			a.data(id, append(prefix(4<<20), make([]byte, 1000)...))
		}
	})},
	{"half a frame", hold(300, func(a *http2Conn) {
		a.raw([]byte{0, 0x40, 0, byte(http2.FrameHeaders), 4, 0, 0, 0, 1, 'x'}) // 16 KiB are to come
	})},
	{"slow headers", trickle},
	{"requests of 64 MiB", repeat(func(a *http2Conn) {
		a.headers(1, verifyPath, "application/grpc", false)
		a.data(1, prefix(64<<20))
		for range 64 << 20 / 16000 {
			if !a.data(1, make([]byte, 16000)) {
				break
			}
		}
	})},
	{"headers of 16 MiB", repeat(func(a *http2Conn) {
		a.raw([]byte{0, 0x40, 0, byte(http2.FrameHeaders), 0, 0, 0, 0, 1})
		a.raw(make([]byte, 0x4000))
		for range 16 << 20 / 0x4000 {
			if !a.raw([]byte{0, 0x40, 0, byte(http2.FrameContinuation), 0, 0, 0, 0, 1}) || !a.raw(make([]byte, 0x4000)) {
				break
			}
		}
	})},
	{"resets", repeat(func(a *http2Conn) {
		for id := uint32(1); id < 20000; id += 2 {
			a.headers(id, verifyPath, "application/grpc", false)
			if a.framer.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
				break
			}
		}
	})},
	{"answers that nobody reads", hold(64, func(a *http2Conn) {
		a.headers(1, "/stella.v1.VerifyService/VerifyStream", "application/grpc", false)
		for range 4000 {
			if !a.data(1, append(prefix(2), 0x0a, 0)) { // an empty request, whose problem is answered
				break
			}
		}
	})},
	{"documents that were never seen", verifyAnew},
	{"no HTTP/2 at all", repeat(func(a *http2Conn) {
		a.raw([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		a.raw(bytes.Repeat([]byte{0xff}, 100_000))
	})},
}

// repeat opens connections one after the other, on several threads, and does the same on each.
func repeat(on func(*http2Conn)) func(context.Context, *testing.T, string) {
	return func(ctx context.Context, t *testing.T, socket string) {
		for ctx.Err() == nil {
			conns := connect(t, socket, 20)
			for _, c := range conns {
				on(greet(c))
			}
			closeAll(conns)
		}
	}
}

// hold opens connections, does something on each, and keeps them.
func hold(connections int, on func(*http2Conn)) func(context.Context, *testing.T, string) {
	return func(ctx context.Context, t *testing.T, socket string) {
		conns := connect(t, socket, connections)
		defer closeAll(conns)
		for _, c := range conns {
			on(greet(c))
		}
		<-ctx.Done()
	}
}

// verifyAnew asks question after question that no cache can answer, as many at a time as it is let.
func verifyAnew(ctx context.Context, t *testing.T, socket string) {
	document, err := os.ReadFile(filepath.Join("..", "packaging", "demo", "sigstore-js.sigstore.json"))
	if err != nil {
		t.Error(err)
		return
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	for i, c := range connect(t, socket, 8) {
		conn, err := grpc.NewClient("passthrough:///abuser", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return c, nil }))
		if err != nil {
			t.Error(err)
			return
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		for j := range 16 {
			asking.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					_, _ = stellav1.NewVerifyServiceClient(conn).Verify(ctx, &stellav1.VerifyRequest{
						Document: document, PredicateType: fmt.Sprintf("%d.%d.%d", i, j, n),
					})
				}
			})
		}
	}
}

// trickle sends the beginning of a connection a byte at a time.
func trickle(ctx context.Context, t *testing.T, socket string) {
	conns := connect(t, socket, 300)
	defer closeAll(conns)
	for _, b := range []byte(http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x40\x00\x01\x04\x00\x00\x00\x01xxxxxxxx") {
		for _, c := range conns {
			_, _ = c.Write([]byte{b})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(30 * time.Millisecond):
		}
	}
	<-ctx.Done()
}

// connect opens connections as the abuser. The thread that took on that user is never used for anything else: it ends
// with its goroutine.
func connect(t *testing.T, socket string, n int) (conns []net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		for _, call := range [][4]uintptr{{syscall.SYS_SETGROUPS}, {syscall.SYS_SETRESGID, abuser, abuser, abuser}, {syscall.SYS_SETRESUID, abuser, abuser, abuser}} {
			if _, _, errno := syscall.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				t.Errorf("becoming the abuser: %v", errno)
				return
			}
		}
		for range n {
			c, err := net.Dial("unix", socket)
			if err != nil {
				continue // the backlog is full: others are tried again
			}
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			conns = append(conns, c)
		}
	}()
	<-done
	return conns
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		_ = c.Close()
	}
}

// http2Conn writes frames by hand. Writes that fail are told, for the daemon may close what abuses it.
type http2Conn struct {
	net.Conn
	framer *http2.Framer
}

func greet(c net.Conn) *http2Conn {
	a := &http2Conn{c, http2.NewFramer(c, c)}
	a.raw([]byte(http2.ClientPreface))
	_ = a.framer.WriteSettings()
	return a
}

func (a *http2Conn) raw(b []byte) bool {
	_, err := a.Write(b)
	return err == nil
}

func (a *http2Conn) headers(id uint32, path, contentType string, end bool) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "x"}, {"te", "trailers"}, {"content-type", contentType}} {
		_ = enc.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	_ = a.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
}

func (a *http2Conn) data(id uint32, b []byte) bool {
	_ = a.SetWriteDeadline(time.Now().Add(time.Second))
	return a.framer.WriteData(id, false, b) == nil
}

// answers reads for a moment what comes.
func (a *http2Conn) answers() {
	_ = a.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, _ = io.Copy(io.Discard, a)
}

// prefix is how gRPC begins a message of n bytes.
func prefix(n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{0}, n) }
