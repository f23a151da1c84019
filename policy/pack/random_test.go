package pack_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"stellad/policy"
	"stellad/policy/pack/packtest"
)

const seed = 20260301

// TestRandom holds 500 inputs to what is said of them: both verdicts are at least 30 % of them, and each gate is the
// only one that fails for at least 20.
func TestRandom(t *testing.T) {
	query := prepare(t, packtest.Files())
	verdicts, alone := map[string]int{}, map[string]int{}
	for _, in := range packtest.Random(seed, 500) {
		got := ask(t, query, in)
		if names := gateNames(got); !slices.Equal(names, packtest.Gates) {
			t.Fatalf("gates %v", names)
		}
		for _, g := range got.Gates {
			if g.Passed != (len(g.Reasons) == 0) || len(g.Reasons) > 21 || len(g.Looked) > 22 {
				t.Errorf("%+v", g)
			}
		}
		verdicts[got.verdict()]++
		if failing := got.failing(false); len(failing) == 1 {
			alone[failing[0]]++
		}
	}
	t.Log(verdicts, alone)
	for _, verdict := range []string{policy.Passed, policy.Blocked} {
		if verdicts[verdict] < 150 {
			t.Errorf("%s: %d of 500", verdict, verdicts[verdict])
		}
	}
	for _, gate := range packtest.Gates {
		if alone[gate] < 20 {
			t.Errorf("%s is decisive for %d of 500", gate, alone[gate])
		}
	}
}

func gateNames(a answer) []string {
	var names []string
	for _, g := range a.Gates {
		names = append(names, g.Name)
	}
	return names
}

// TestProperties: a finding more makes nothing pass; what does not verify changes nothing; nor does the order of lists.
func TestProperties(t *testing.T) {
	query := prepare(t, packtest.Files())
	r := rand.New(rand.NewPCG(seed, 1))
	for _, in := range packtest.Random(seed+1, 120) {
		was := ask(t, query, in)
		if more := ask(t, query, packtest.WithFinding(r, in)); was.verdict() == policy.Blocked && more.verdict() == policy.Passed {
			t.Errorf("a finding more makes this pass: %s", text(t, in))
		}
		if got := ask(t, query, packtest.Unverified(in)); !reflect.DeepEqual(got, was) {
			t.Errorf("what does not verify changes the answer: %s", text(t, in))
		}
		if got := ask(t, query, packtest.Shuffled(r, in)); !reflect.DeepEqual(got, was) {
			t.Errorf("order changes the answer: %s\n%+v\n%+v", text(t, in), was, got)
		}
	}
}

func text(t *testing.T, in policy.Input) string {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
