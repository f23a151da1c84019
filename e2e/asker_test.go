package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protowire"

	stellav1 "stellad/api/stella/v1"
)

// An asker is a client with a connection of its own.
type asker struct {
	conn    *grpc.ClientConn
	request *stellav1.VerifyRequest // whose verdict is remembered
	known   *stellav1.VerifyRequest // the same by its document's digest
	burden  *healthpb.HealthCheckRequest
}

func startServices(b *testing.B, d *appliance, n int) (all []asker) {
	text, err := os.ReadFile(filepath.Join("..", "packaging", "demo", "sigstore-js.sigstore.json"))
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256(text)
	for range n {
		c := asker{d.dial(b), &stellav1.VerifyRequest{Document: text}, &stellav1.VerifyRequest{DocumentSha256: digest[:]}, &healthpb.HealthCheckRequest{}}
		c.burden.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 1000, protowire.BytesType), text))
		for range 50 {
			if err := c.verify(); err != nil {
				b.Fatal(err)
			}
		}
		all = append(all, c)
	}
	return all
}

func (c asker) verify() error { return c.ask(c.request) }

// verifyKnown sends the document's digest in its place.
func (c asker) verifyKnown() error { return c.ask(c.known) }

func (c asker) ask(req *stellav1.VerifyRequest) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp, err := stellav1.NewVerifyServiceClient(c.conn).Verify(ctx, req)
	if err == nil && !resp.GetVerified() {
		return fmt.Errorf("refused: %s", resp.GetReason())
	}
	return err
}

// empty asks for nothing.
func (c asker) empty() error { return c.check(&healthpb.HealthCheckRequest{}) }

// carry asks for nothing, with the document in a field that nobody knows: it is what sending it costs.
func (c asker) carry() error { return c.check(c.burden) }

func (c asker) check(req *healthpb.HealthCheckRequest) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := healthpb.NewHealthClient(c.conn).Check(ctx, req)
	return err
}

// times are how long calls took.
type times []time.Duration

func (t *times) of(b testing.TB, call func() error) {
	start := time.Now()
	err := call()
	*t = append(*t, time.Since(start))
	if err != nil {
		b.Fatal(err)
	}
}

func (t times) micros(percentile int) float64 {
	slices.Sort(t)
	return float64(t[(len(t)-1)*percentile/100].Nanoseconds()) / 1000
}

// rates are calls a second, a number for each turn.
type rates struct {
	perTurn []float64
	took    times
}

// of has every client make the same number of calls.
func (r *rates) of(b testing.TB, clients []asker, call func(asker) error) {
	const each = 100
	took, failed := make([]times, len(clients)), make([]error, len(clients))
	var calling sync.WaitGroup
	start := time.Now()
	for i, c := range clients {
		calling.Go(func() {
			for range each {
				before := time.Now()
				if err := call(c); err != nil {
					failed[i] = err
				}
				took[i] = append(took[i], time.Since(before))
			}
		})
	}
	calling.Wait()
	r.perTurn = append(r.perTurn, float64(len(clients)*each)/time.Since(start).Seconds())
	r.took = append(r.took, slices.Concat(took...)...)
	for _, err := range failed {
		if err != nil {
			b.Fatal(err)
		}
	}
}

func (r *rates) median() float64 { return median(r.perTurn) }

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
