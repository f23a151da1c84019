package server_test

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
	"stellad/internal/tokens"
)

// BenchmarkSign is P-256 signatures a second through hsm.sock, by eight callers a session, and what part they are of
// those of bare C_Sign on as many sessions, in the same process and on the same token. The two take turns of a quarter
// second, as the machine is not always equally fast.
func BenchmarkSign(b *testing.B) {
	for _, sessions := range []int{1, 4, 8} {
		b.Run(fmt.Sprintf("sessions-%d", sessions), func(b *testing.B) {
			k := tokens.SoftHSM(b)
			c := served(b, module(b, k, sessions))
			key, err := c.Generate(b.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
			must(b, err)
			bare := bareSigners(b, k, sessions)
			sum := sha256.Sum256([]byte("x"))
			ours := func() {
				if _, err := key.Sign(nil, sum[:], crypto.SHA256); err != nil {
					b.Error(err)
				}
			}
			var through, raw float64
			for b.Loop() {
				through += rate(8*sessions, func(int) { ours() })
				raw += rate(sessions, bare)
			}
			b.ReportMetric(through/float64(b.N), "sig/s")
			b.ReportMetric(raw/float64(b.N), "bare-sig/s")
			b.ReportMetric(through/raw, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkLatency is of one caller.
func BenchmarkLatency(b *testing.B) {
	c := served(b, module(b, tokens.SoftHSM(b), 4))
	key, err := c.Generate(b.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
	must(b, err)
	sum := sha256.Sum256([]byte("x"))
	for b.Loop() {
		if _, err := key.Sign(nil, sum[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
}

// rate is how often do is done in a second by so many at a time.
func rate(callers int, do func(caller int)) float64 {
	var n atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for i := range callers {
		all.Go(func() {
			for time.Since(start) < 250*time.Millisecond {
				do(i)
				n.Add(1)
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(start).Seconds()
}

// bareSigners opens sessions past us, and signs with what is first there.
func bareSigners(b *testing.B, k tokens.Token, sessions int) func(caller int) {
	b.Helper()
	ctx, slot := raw(b, k)
	var open []pkcs11.SessionHandle
	for range sessions {
		s, err := ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		must(b, err)
		open = append(open, s)
	}
	must(b, ctx.FindObjectsInit(open[0], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY)}))
	keys, _, err := ctx.FindObjects(open[0], 1)
	must(b, err)
	must(b, ctx.FindObjectsFinal(open[0]))
	ecdsa := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)}
	sum := sha256.Sum256([]byte("x"))
	return func(caller int) {
		if err := ctx.SignInit(open[caller], ecdsa, keys[0]); err != nil {
			b.Error(err)
		}
		if _, err := ctx.Sign(open[caller], sum[:]); err != nil {
			b.Error(err)
		}
	}
}
