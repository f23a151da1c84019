package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	stellav1 "stellad/api/stella/v1"
)

// A row is a record as the daemon gives it.
type row struct {
	line       string
	annotation string // "" where there is none, or it was erased
}

// records reads the whole log.
func (a *appliance) records(ctx context.Context) ([]row, error) {
	stream, err := a.audit.ListRecords(ctx, &stellav1.ListRecordsRequest{})
	if err != nil {
		return nil, err
	}
	var all []row
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, row{string(resp.GetLine()), resp.GetAnnotation()["reason"]})
	}
}

// what is the part of a record that these tests look at.
type what struct {
	Type   string
	Seq    uint64
	Method string
	Body   struct {
		Version any    // a number of a policy's, a text of a start's
		Intent  uint64 // that it ends
		Entry   []byte // of the signature log
		Request string // SHA-256 of what is to be signed
		Digest  string // that is stamped
	}
}

func (r row) what(t testing.TB) (w what) {
	t.Helper()
	must(t, json.Unmarshal([]byte(r.line), &w))
	return w
}

// acks are what a client was told was done. It is safe for concurrent use.
type acks struct {
	mu       sync.Mutex
	times    map[uint64]bool // seqs of records of AcceptTime
	policies map[int]bool    // versions that came into force
	version  int             // of the policy file
}

func newAcks() *acks {
	return &acks{times: map[uint64]bool{}, policies: map[int]bool{}, version: 1}
}

func (k *acks) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.times) + len(k.policies)
}

// lost gives how many acknowledged records are not among rows.
func (k *acks) lost(t testing.TB, rows []row) (lost int) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	times, policies := map[uint64]bool{}, map[int]bool{}
	for i, r := range rows {
		w := r.what(t)
		if w.Seq != uint64(i) {
			t.Fatalf("record %d stands in place %d", w.Seq, i)
		}
		switch w.Type {
		case "time":
			times[w.Seq] = true
		case "policy":
			version, _ := w.Body.Version.(float64)
			policies[int(version)] = true
		}
	}
	for seq := range k.times {
		if !times[seq] {
			lost++
		}
	}
	for version := range k.policies {
		if !policies[version] {
			lost++
		}
	}
	return lost
}

// act does things until ctx ends or the daemon does, and keeps what it was told: several clients at a time accept the
// time, one reloads the policy, one is denied.
func (a *appliance) act(ctx context.Context, t testing.TB, k *acks) *sync.WaitGroup {
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				resp, err := a.audit.AcceptTime(ctx, &stellav1.AcceptTimeRequest{})
				if err != nil {
					return
				}
				k.mu.Lock()
				k.times[resp.GetSeq()] = true
				k.mu.Unlock()
			}
		})
	}
	clients.Go(func() {
		for ctx.Err() == nil && a.raise(ctx, t, k) == nil {
			_, _ = a.status.Metrics(ctx, &stellav1.MetricsRequest{})
		}
	})
	return &clients
}

// raise brings the next policy into force.
func (a *appliance) raise(ctx context.Context, t testing.TB, k *acks) error {
	k.version++
	a.policy(t, k.version)
	resp, err := a.access.Reload(ctx, &stellav1.ReloadRequest{})
	if err != nil {
		return err
	}
	if int(resp.GetVersion()) != k.version {
		return fmt.Errorf("version %d is in force, not %d", resp.GetVersion(), k.version)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.policies[k.version] = true
	return nil
}

// fill writes some records of all kinds, with annotations.
func (a *appliance) fill(t testing.TB, k *acks, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range n {
		must(t, a.raise(ctx, t, k))
		resp, err := a.audit.AcceptTime(ctx, &stellav1.AcceptTimeRequest{})
		must(t, err)
		k.times[resp.GetSeq()] = true
		if _, err := a.status.Metrics(ctx, &stellav1.MetricsRequest{}); err == nil {
			t.Fatal("what the policy denies is answered")
		}
	}
}
