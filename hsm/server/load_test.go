package server_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
	"stellad/hsm/server"
	"stellad/internal/socket"
	"stellad/internal/tokens"
)

// soak is how long the load is kept up: 10 s, or $STELLA_SOAK.
func soak(t testing.TB) time.Duration {
	if text := os.Getenv("STELLA_SOAK"); text != "" {
		d, err := time.ParseDuration(text)
		must(t, err)
		return d
	}
	return 10 * time.Second
}

// TestLoad: 64 callers on a pool of 4; every signature is verified, nothing fails, and nothing is left behind.
func TestLoad(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("load", func(t *testing.T) {
		k := tokens.SoftHSM(t)
		c := served(t, module(t, k, 4))
		key, err := c.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
		must(t, err)
		signed, failed := load(t, key, 64, soak(t))
		t.Logf("%d signatures by 64 callers on 4 sessions, %d failed", signed, failed)
		if failed > 0 || signed == 0 {
			t.Errorf("%d signed, %d failed", signed, failed)
		}
	})
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines became %d\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// load has callers sign for so long, and verifies all. An error must be ErrUnavailable.
func load(t testing.TB, key *hsm.Key, callers int, long time.Duration) (signed, failed int64) {
	var ok, bad atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(long)
	for range callers {
		all.Go(func() {
			for time.Now().Before(end) {
				sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano())))
				signature, err := key.Sign(nil, sum[:], crypto.SHA256)
				switch {
				case err == nil && verified(key.Public(), crypto.SHA256, sum[:], signature):
					ok.Add(1)
				case err == nil:
					t.Error("a signature that does not verify")
				case errors.Is(err, hsm.ErrUnavailable):
					if bad.Add(1)%64 == 1 { // of an outage each caller has one
						t.Logf("%s: %v", time.Now().Format(time.TimeOnly), err)
					}
				default:
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	return ok.Load(), bad.Load()
}

// raw is the module beside ours, in this process: what it does to sessions it does to ours too.
func raw(t testing.TB, k tokens.Token) (*pkcs11.Ctx, uint) {
	t.Helper()
	ctx := pkcs11.New(k.Module)
	if ctx == nil {
		t.Fatal("no module")
	}
	slots, err := ctx.GetSlotList(true)
	must(t, err)
	for _, slot := range slots {
		if info, err := ctx.GetTokenInfo(slot); err == nil && info.Label == k.Label {
			return ctx, slot
		}
	}
	t.Fatal("no slot")
	return nil, 0
}

// rawPair makes a pair past us, as another program would.
func rawPair(t testing.TB, ctx *pkcs11.Ctx, slot uint, label string, id []byte) (public, private pkcs11.ObjectHandle) {
	t.Helper()
	s, err := ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	must(t, err)
	both := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
	}
	p256 := []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	public, private, err = ctx.GenerateKeyPair(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_EC_KEY_PAIR_GEN, nil)},
		append([]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, p256)}, both...),
		append([]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true)}, both...))
	must(t, err)
	must(t, ctx.CloseSession(s))
	return public, private
}

// TestTwoKeys: of two that can't be told apart neither signs.
func TestTwoKeys(t *testing.T) {
	k := tokens.SoftHSM(t)
	c := served(t, module(t, k, 2))
	one, err := c.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
	must(t, err)
	ctx, slot := raw(t, k)
	rawPair(t, ctx, slot, "k", []byte("another ID"))
	label := hsm.Reference{Label: "k"}
	if _, err := c.Find(t.Context(), label); !errors.Is(err, hsm.ErrAmbiguous) {
		t.Errorf("two of one label: %v", err)
	}
	if err := c.Destroy(t.Context(), label); !errors.Is(err, hsm.ErrAmbiguous) {
		t.Errorf("two of one label, destroyed: %v", err)
	}
	if _, err := c.Find(t.Context(), one.Reference()); err != nil {
		t.Errorf("label, ID and public key: %v", err)
	}
	signs(t, one)

	rawPair(t, ctx, slot, "k", one.Reference().ID) // now label and ID are the same
	fresh, err := c.Use(one.Reference())
	must(t, err)
	signs(t, fresh) // it was found before
	must(t, ctx.CloseAllSessions(slot))
	sum := sha256.Sum256([]byte("x"))
	if _, err := fresh.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrAmbiguous) {
		t.Errorf("two of one label and ID: %v", err)
	}
	for _, ref := range []hsm.Reference{{Label: "k", ID: one.Reference().ID}, one.Reference()} {
		if err := c.Destroy(t.Context(), ref); !errors.Is(err, hsm.ErrAmbiguous) {
			t.Errorf("one of two of one label and ID, destroyed: %v", err)
		}
	}
	if all, err := c.Keys(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("%+v %v", all, err)
	}
}

// TestVanished: a key that another program destroys is gone, and no other.
func TestVanished(t *testing.T) {
	k := tokens.SoftHSM(t)
	c := served(t, module(t, k, 2))
	stays, err := c.Generate(t.Context(), hsm.Template{Label: "stays", Algorithm: hsm.ECDSAP256})
	must(t, err)
	ctx, slot := raw(t, k)
	public, private := rawPair(t, ctx, slot, "goes", []byte("goes"))
	goes, err := c.Find(t.Context(), hsm.Reference{Label: "goes"})
	must(t, err)
	signs(t, goes)
	s, err := ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	must(t, err)
	must(t, ctx.DestroyObject(s, private))
	sum := sha256.Sum256([]byte("x"))
	for range 5 {
		if _, err := goes.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrNoKey) {
			t.Errorf("%v", err)
		}
		signs(t, stays)
	}
	if status, err := c.Status(t.Context()); err != nil || status.Reconnects != 0 || status.LastError != "" {
		t.Errorf("%+v %v", status, err)
	}
	if _, err := c.Generate(t.Context(), hsm.Template{Label: "goes", Algorithm: hsm.ECDSAP256}); !errors.Is(err, hsm.ErrExists) {
		t.Errorf("beside its public key: %v", err)
	}
	must(t, c.Destroy(t.Context(), hsm.Reference{Label: "goes"})) // what is left of it
	if err := ctx.DestroyObject(s, public); err == nil {
		t.Error("its public key was left")
	}
	must(t, ctx.CloseSession(s))
}

// TestDeadline: a pool that is taken costs a caller no more than its deadline.
func TestDeadline(t *testing.T) {
	c := served(t, module(t, tokens.SoftHSM(t), 1))
	key, err := c.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
	must(t, err)
	busy := make(chan error, 1)
	go func() {
		_, err := c.Generate(context.Background(), hsm.Template{Label: "slow", Algorithm: hsm.RSA4096})
		busy <- err
	}()
	time.Sleep(20 * time.Millisecond)
	sum := sha256.Sum256([]byte("x"))
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		start := time.Now()
		_, err := key.SignContext(ctx, sum[:], crypto.SHA256)
		if took := time.Since(start); took > 500*time.Millisecond || err != nil && !errors.Is(err, hsm.ErrUnavailable) {
			t.Errorf("%v after %v", err, took)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := key.SignContext(ctx, sum[:], crypto.SHA256); !errors.Is(err, context.Canceled) || errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("cancelled: %v", err)
	}
	must(t, <-busy)
	signs(t, key)
}

// TestLargest: the longest messages that Ed25519 signs, all at once, fit into what travels.
func TestLargest(t *testing.T) {
	c := served(t, backends[2].open(t))
	key, err := c.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.Ed25519})
	must(t, err)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			message := bytes.Repeat([]byte{byte(i)}, hsm.MaxObject)
			signature, err := key.Sign(nil, message, crypto.Hash(0))
			if err != nil || !verified(key.Public(), 0, message, signature) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, err := key.Sign(nil, make([]byte, hsm.MaxObject+1), crypto.Hash(0)); !errors.Is(err, hsm.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// TestEnd: what is under way ends as it would, and what comes later is told that there is no more.
func TestEnd(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hsm.sock")
	l, err := socket.Make(name)
	must(t, err)
	s := server.New(module(t, tokens.SoftHSM(t), 4), uint32(os.Geteuid()))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c := dial(t, name)
	key, err := c.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
	must(t, err)
	signs(t, key) // a stream is open, which must not hold up the end
	made := make(chan error, 1)
	go func() {
		_, err := c.Generate(context.Background(), hsm.Template{Label: "slow", Algorithm: hsm.RSA4096})
		made <- err
	}()
	time.Sleep(20 * time.Millisecond)
	over := make(chan struct{})
	go func() { s.End(time.Minute); close(over) }()
	time.Sleep(20 * time.Millisecond)
	sum := sha256.Sum256([]byte("x"))
	if _, err := key.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("after the end: %v", err)
	}
	must(t, <-made)
	select {
	case <-over:
	case <-time.After(5 * time.Second):
		t.Error("it does not end")
	}
	must(t, <-ended)
}

// TestNobodyThere: a socket that is not there, or leads to nobody, costs no more than a moment; and when somebody comes,
// the same client finds it.
func TestNobodyThere(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hsm.sock")
	c := dial(t, name)
	for range 5 {
		start := time.Now()
		if _, err := c.Status(t.Context()); !errors.Is(err, hsm.ErrUnavailable) || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	}
	b := backends[2].open(t)
	stop := serve(t, b, name)
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := c.Status(t.Context()); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	key, err := c.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
	must(t, err)
	signs(t, key)
	stop()
	sum := sha256.Sum256([]byte("x"))
	if _, err := key.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	must(t, c.Close())
	if _, err := key.Sign(nil, sum[:], crypto.SHA256); !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
}
