package faults

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/digitorus/timestamp"

	stellav1 "stellad/api/stella/v1"
	"stellad/tlog"
)

// promises are what clients were told of signatures and timestamps. They are safe for concurrent use.
type promises struct {
	dir string // where commands put theirs

	mu      sync.Mutex
	asked   int
	cut     int                                        // signatures that were cut short, of which the next start said so
	bundles map[string]*stellav1.SignStatementResponse // by what they are about
	stamps  map[string]bool                            // by the hex of what they are over
	files   map[string]string                          // the bundles of commands: the file, by what it is about
}

func newPromises(t testing.TB) *promises {
	t.Helper()
	return &promises{
		dir: shortDir(t), bundles: map[string]*stellav1.SignStatementResponse{}, stamps: map[string]bool{}, files: map[string]string{},
	}
}

func (p *promises) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.bundles) + len(p.stamps) + len(p.files)
}

// something is what nobody asked about before.
func (p *promises) something() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return fmt.Sprintf("artifact-%d", p.asked)
}

func (p *promises) keep(put func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	put()
}

// sign has clients ask for signatures and timestamps until ctx ends or the daemon does, by calls and by commands.
func (a *appliance) sign(ctx context.Context, t testing.TB, p *promises) *sync.WaitGroup {
	var clients sync.WaitGroup
	client := func(ask func(about string) error) {
		clients.Go(func() {
			for ctx.Err() == nil && ask(p.something()) == nil {
			}
		})
	}
	for range 3 {
		client(func(about string) error {
			resp, err := a.signing.SignStatement(ctx, statement(about))
			if err == nil {
				p.keep(func() { p.bundles[about] = resp })
			}
			return err
		})
	}
	client(func(about string) error {
		sum := sha256.Sum256([]byte(about))
		request, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:]}).Marshal()
		must(t, err)
		resp, err := a.signing.Timestamp(ctx, &stellav1.TimestampRequest{Request: request})
		if err == nil {
			err = p.stamped(resp.GetResponse())
		}
		return err
	})
	client(func(about string) error { return a.signByCommand(ctx, p, about) })
	client(func(about string) error { return a.stampByCommand(ctx, p, about) })
	return &clients
}

// stamped keeps a timestamp that verifies.
func (p *promises) stamped(response []byte) error {
	stamp, err := timestamp.ParseResponse(response)
	if err == nil {
		p.keep(func() { p.stamps[hex.EncodeToString(stamp.HashedMessage)] = true })
	}
	return err
}

// command is a client's, which finds the daemon.
func (h home) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "STELLA_DIR="+h.dir)
	return cmd
}

func (h home) signCommand(about, file string) *exec.Cmd {
	sum := sha256.Sum256([]byte(about))
	return h.command("adminctl", "attest", "sign", "--subject", about+"=sha256:"+hex.EncodeToString(sum[:]), "--key", "attestation-1", "--out", file)
}

func (a *appliance) signByCommand(ctx context.Context, p *promises, about string) error {
	file := filepath.Join(p.dir, about+".json")
	err := a.signCommand(about, file).Run()
	if err == nil && ctx.Err() == nil {
		p.keep(func() { p.files[about] = file })
	}
	return err
}

func (a *appliance) stampByCommand(ctx context.Context, p *promises, about string) error {
	data, file := filepath.Join(p.dir, about), filepath.Join(p.dir, about+".tsr")
	err := os.WriteFile(data, []byte(about), 0o600)
	if err == nil {
		err = a.command("adminctl", "timestamp", "request", "--data", data, "--out", file).Run()
	}
	if err != nil || ctx.Err() != nil {
		return err
	}
	response, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return p.stamped(response)
}

// A sigLog is what the records say that the signature log is.
type sigLog struct {
	leaves  []tlog.Hash
	seqs    []uint64 // of the records
	stamped map[string]bool
	roots   map[uint64]tlog.Hash // that were asked for

	abandoned int // intents, since the last start
}

// readLog reads the log of a daemon, in which each intent must have its end and each request one signature.
func (a *appliance) readLog(t testing.TB) *sigLog {
	t.Helper()
	rows, err := a.records(within(t))
	must(t, err)
	settled(t, rows)
	l, requests := &sigLog{stamped: map[string]bool{}, roots: map[uint64]tlog.Hash{}}, map[uint64]string{}
	answered := map[string]uint64{}
	for _, r := range rows {
		switch w := r.what(t); w.Type {
		case "intent":
			requests[w.Seq] = w.Body.Request
		case "start":
			l.abandoned = 0
		case "abandoned":
			l.abandoned++
		case "stamp":
			l.stamped[w.Body.Digest] = true
		case "signed":
			l.leaves, l.seqs = append(l.leaves, tlog.LeafHash(w.Body.Entry)), append(l.seqs, w.Seq)
			request := requests[w.Body.Intent]
			if before, twice := answered[request]; twice || request == "" {
				t.Errorf("record %d signs what %q asked for, as record %d did", w.Seq, request, before)
			}
			answered[request] = w.Seq
		}
	}
	return l
}

// settled wants each intent to have its end.
func settled(t testing.TB, rows []row) {
	t.Helper()
	if open := openIntents(t, rows); len(open) > 0 {
		t.Errorf("of the intents %v nobody says what became", open)
	}
}

func openIntents(t testing.TB, rows []row) map[uint64]bool {
	t.Helper()
	open := map[uint64]bool{}
	for _, r := range rows {
		switch w := r.what(t); w.Type {
		case "intent":
			open[w.Seq] = true
		case "key", "destroyed", "signed", "bundle", "abandoned":
			delete(open, w.Body.Intent)
		}
	}
	return open
}

// root is the log's at a size (RFC 6962 §2.1).
func (l *sigLog) root(size uint64) tlog.Hash {
	if root, known := l.roots[size]; known {
		return root
	}
	l.roots[size] = rootOf(l.leaves[:size])
	return l.roots[size]
}

func rootOf(leaves []tlog.Hash) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		return tlog.EmptyRoot()
	case 1:
		return leaves[0]
	default:
		half := 1
		for half*2 < n {
			half *= 2
		}
		return tlog.NodeHash(rootOf(leaves[:half]), rootOf(leaves[half:]))
	}
}

// A told bundle is the part of one that says what its client may rely on.
type told struct {
	Envelope json.RawMessage `json:"dsseEnvelope"`
	Material struct {
		Entries []struct {
			Index uint64 `json:"logIndex,string"` // absent where it is 0
			Proof struct {
				Checkpoint struct {
					Envelope string `json:"envelope"`
				} `json:"checkpoint"`
			} `json:"inclusionProof"`
		} `json:"tlogEntries"`
		Stamps json.RawMessage `json:"timestampVerificationData"`
	} `json:"verificationMaterial"`
}

// holds says what of a bundle that a client has is not so by the log; "" where all is.
func (l *sigLog) holds(t testing.TB, bundle []byte) string {
	t.Helper()
	var b told
	must(t, json.Unmarshal(bundle, &b))
	note := b.Material.Entries[0].Proof.Checkpoint.Envelope
	text, _, _ := bytes.Cut([]byte(note), []byte("\n\n"))
	checkpoint, err := tlog.ParseCheckpoint(append(text, '\n'))
	must(t, err)
	index, size := b.Material.Entries[0].Index, uint64(len(l.leaves))
	switch {
	case index >= size:
		return fmt.Sprintf("entry %d of a log of %d", index, size)
	case checkpoint.Size > size:
		return fmt.Sprintf("a checkpoint of %d entries over a log of %d", checkpoint.Size, size)
	case l.root(checkpoint.Size) != checkpoint.Root:
		return fmt.Sprintf("another root at %d entries", checkpoint.Size)
	}
	return ""
}

// lost asks a daemon again for everything, and counts what is not there as it was told.
func (p *promises) lost(t testing.TB, a *appliance) (lost int) {
	t.Helper()
	l := a.readLog(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = l.abandoned
	miss := func(about, why string) {
		if lost++; lost < 4 {
			t.Logf("%s: %s", about, why)
		}
	}
	for about, was := range p.bundles {
		if why := l.holds(t, was.GetBundle()); why != "" {
			miss(about, why)
		} else if why := a.again(t, l, about, was); why != "" {
			miss(about, why)
		}
	}
	for sum := range p.stamps {
		if !l.stamped[sum] {
			miss(sum, "no record of its timestamp")
		}
	}
	for about, file := range p.files {
		bundle, err := os.ReadFile(file)
		must(t, err)
		out, err := a.signCommand(about, file).CombinedOutput() // which refuses a file of another signature
		if why := l.holds(t, bundle); why != "" || err != nil {
			miss(about, fmt.Sprintf("%s %v %s", why, err, out))
		}
	}
	if size := len(l.leaves); len(a.readLog(t).leaves) != size && lost == 0 {
		t.Errorf("what was signed is signed again: %d entries became %d", size, len(a.readLog(t).leaves))
	}
	return lost
}

// again asks for what was answered, and says in what the answer differs; "" where it is the same signature.
func (a *appliance) again(t testing.TB, l *sigLog, about string, was *stellav1.SignStatementResponse) string {
	t.Helper()
	now, err := a.signing.SignStatement(within(t), statement(about))
	if err != nil {
		return err.Error()
	}
	var before, after told
	must(t, json.Unmarshal(was.GetBundle(), &before))
	must(t, json.Unmarshal(now.GetBundle(), &after))
	switch {
	case now.GetIndex() != was.GetIndex() || now.GetSeq() != was.GetSeq():
		return fmt.Sprintf("entry %d, record %d, and was entry %d, record %d", now.GetIndex(), now.GetSeq(), was.GetIndex(), was.GetSeq())
	case !bytes.Equal(before.Envelope, after.Envelope) || !bytes.Equal(before.Material.Stamps, after.Material.Stamps):
		return "another signature or timestamp"
	case l.seqs[was.GetIndex()] != was.GetSeq():
		return "another record"
	}
	return l.holds(t, now.GetBundle())
}
