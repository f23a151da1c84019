package deciding

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"stellad/policy"
	"stellad/policy/pack/packtest"
	"stellad/policy/worker"
)

// TestMain is a policy's worker where a Decider runs the test's program again.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		if worker.Child() != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func command() *exec.Cmd { return exec.Command(os.Args[0], "worker") }

// kept are holdings of a test.
type kept struct {
	mu    sync.Mutex
	state string
	facts policy.Facts
	asked int
	err   error
}

func (k *kept) State(artifact string) (string, error) { return artifact + k.state, nil }

func (k *kept) Facts(context.Context, uint32, string) (policy.Facts, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	return k.facts, k.err
}

func (k *kept) Logs() ([]policy.Log, error) {
	return []policy.Log{{Origin: "a.example", Size: 7, Signed: "2026-01-01T00:00:00Z"}}, nil
}

func newDecider(t testing.TB) (*Decider, *kept) {
	t.Helper()
	k := &kept{facts: packtest.Artifact().Facts}
	d, err := New(command, k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d, k
}

func (d *Decider) ask(t testing.TB, environment string) *Answer {
	t.Helper()
	a, err := d.Decide(t.Context(), 0, "sha256:a", environment)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestDecide: a decision names what it stands on, and the facts are put together once for as long as they are the same.
func TestDecide(t *testing.T) {
	d, k := newDecider(t)
	a := d.ask(t, "production")
	text := a.Input.JSON()
	sum := sha256.Sum256(text)
	var in policy.Input
	if err := json.Unmarshal(text, &in); err != nil || a.Input.SHA256 != hex.EncodeToString(sum[:]) || in.Environment != "production" ||
		in.Version != policy.InputVersion || in.Time != policy.Instant(a.Time) || len(in.Logs) != 1 || in.Logs[0].Size != 7 {
		t.Errorf("%v %s is not of %s", err, a.Input.SHA256, text)
	}
	for range 3 {
		d.ask(t, "staging")
	}
	if k.asked != 1 {
		t.Errorf("put together %d times", k.asked)
	}
	k.state = "another"
	d.ask(t, "production")
	if k.asked != 2 {
		t.Errorf("of another state nothing is known: %d", k.asked)
	}
	if _, err := d.Decide(t.Context(), 0, "sha256:a", "moon"); !errors.Is(err, ErrEnvironment) {
		t.Errorf("%v", err)
	}
	k.state, k.err = "broken", errors.New("damaged")
	if a, err := d.Decide(t.Context(), 0, "sha256:a", "production"); err == nil {
		t.Errorf("of facts that can't be had: %v", a)
	}
}

func TestReplay(t *testing.T) {
	d, _ := newDecider(t)
	a := d.ask(t, "production")
	input, bundle := a.Input.JSON(), a.Bundle.Text
	text, err := json.Marshal(a.Predicate())
	if err != nil {
		t.Fatal(err)
	}
	then, at, err := ReadPredicate(text)
	if err != nil || !at.Equal(a.Time) {
		t.Fatalf("%v %v", at, err)
	}
	if now, same, err := d.Replay(then, bundle, input); err != nil || !same || now.Line != a.Line {
		t.Errorf("%v %v %v", now, same, err)
	}
	lie := then
	lie.Verdict, lie.Line = policy.Passed, "PASSED - so"
	if lie.Decision.Line == then.Line {
		t.Fatal("it passes anyway")
	}
	if now, same, err := d.Replay(lie, bundle, input); err != nil || same || now.Line != a.Line {
		t.Errorf("a decision that was never made: %v %v %v", now, same, err)
	}
	if _, same, err := d.Replay(then, append([]byte{}, bundle[:len(bundle)-1]...), input); !errors.Is(err, ErrReplay) || same {
		t.Errorf("another policy: %v", err)
	}
	if _, same, err := d.Replay(then, bundle, []byte(strings.Replace(string(input), "production", "staging", 1))); !errors.Is(err, ErrReplay) || same {
		t.Errorf("another input: %v", err)
	}
	for _, text := range []string{"", "{}", "[]", `{"time":"now"}`} {
		if p, _, err := ReadPredicate([]byte(text)); !errors.Is(err, ErrReplay) {
			t.Errorf("%q is %v, %v", text, p, err)
		}
	}
}

// TestMemory: it keeps within its bytes, forgets what was asked about longest ago, and gives nothing of another state.
func TestMemory(t *testing.T) {
	m := newMemory()
	third := make([]byte, maxRemembered/3)
	for i := range 3 {
		m.put(fmt.Sprint(i), &prepared{state: "s", text: third})
	}
	if m.get("0", "s") == nil || m.get("1", "other") != nil || m.get("9", "s") != nil {
		t.Error("what is there, and what is not")
	}
	m.put("3", &prepared{state: "s", text: third})
	if m.get("1", "s") != nil || m.get("0", "s") == nil || m.size > maxRemembered || len(m.facts) != 3 || len(m.order) != 3 {
		t.Errorf("%d bytes, %q", m.size, m.order)
	}
	m.put("0", &prepared{state: "new", text: third[:1]})
	if m.get("0", "s") != nil || m.get("0", "new") == nil || m.size != 2*len(third)+1 {
		t.Errorf("%d bytes", m.size)
	}
	m.put("big", &prepared{state: "s", text: make([]byte, maxRemembered+1)})
	if m.get("big", "s") != nil || m.size > maxRemembered {
		t.Errorf("%d bytes", m.size)
	}
}

func TestAtATime(t *testing.T) {
	d, k := newDecider(t)
	var all sync.WaitGroup
	lines := make([]string, 16)
	for i := range lines {
		all.Go(func() { lines[i] = d.ask(t, "production").Line })
	}
	all.Wait()
	for _, line := range lines {
		if line != lines[0] || line == "" {
			t.Errorf("%q", lines)
		}
	}
	if k.asked == 0 || k.asked > 16 {
		t.Errorf("%d", k.asked)
	}
}
