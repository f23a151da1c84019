package policy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const (
	holding  = `{"name":"a","passed":true,"before":true,"reasons":[],"looked":["x"]}`
	excepted = `{"name":"b","passed":true,"before":false,"reasons":[],"looked":[]}`
	blocking = `{"name":"c","passed":false,"before":false,"reasons":["c fails","and so"],"looked":[]}`
)

func answer(gates ...string) string {
	return `{"gates":[` + strings.Join(gates, ",") + `],"exceptions":[]}`
}

func TestRead(t *testing.T) {
	for text, want := range map[string]string{
		answer(holding):                     "PASSED PASSED PASSED - all 1 gates hold",
		answer(holding, excepted):           "PASSED BLOCKED PASSED - VEX exception applied",
		answer(holding, excepted, blocking): "BLOCKED BLOCKED BLOCKED - c fails",
		answer(blocking):                    "BLOCKED BLOCKED BLOCKED - c fails",
		`{"gates":[` + holding + `]}`:       "PASSED PASSED PASSED - all 1 gates hold",
		answer(strings.Replace(blocking, `"before":false`, `"before":true`, 1)): "BLOCKED PASSED BLOCKED - c fails",
	} {
		d, err := Read([]byte(text))
		if err != nil || d.Verdict+" "+d.Before+" "+d.Line != want || d.Exceptions == nil {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
	if d := Deny("so"); d.Verdict != Blocked || d.Before != Blocked || d.Line != "BLOCKED - so" || len(d.Gates) != 1 || d.Gates[0].Passed || d.Gates[0].Before {
		t.Errorf("%+v", d)
	}
}

func TestReadRefuses(t *testing.T) {
	change := func(old, with string) string { return answer(strings.Replace(holding, old, with, 1)) }
	for _, text := range []string{
		"", "null", "true", "[]", "{}", `"PASSED"`, `{"gates":null}`, `{"gates":[]}`, `{"gates":{}}`, `{"gates":[null]}`, `{"gates":[true]}`,
		answer(holding) + "{}", answer(holding, holding), `{"gates":[` + holding + `],"allow":true}`, `{"allow":true}`,
		change(`"passed":true`, `"passed":"true"`), change(`"passed":true`, `"passed":1`), change(`"passed":true`, `"passed":null`), change(`"passed":true,`, ``),
		change(`"before":true,`, ``), change(`"reasons":[],`, ``), change(`,"looked":["x"]`, ``), change(`"name":"a",`, ``), change(`"a"`, `""`),
		change(`"a"`, `"`+strings.Repeat("a", 65)+`"`), change(`"reasons":[]`, `"reasons":["but"]`), change(`"reasons":[]`, `"reasons":[""]`),
		change(`"looked":["x"]`, `"looked":[""]`), change(`"looked":["x"]`, `"looked":["`+strings.Repeat("x", maxText+1)+`"]`), change(`"looked"`, `"more":1,"looked"`),
		answer(`{"name":"c","passed":false,"before":false,"reasons":[],"looked":[]}`), answer(holding)[:20],
		answer(strings.Repeat(holding+",", 100) + blocking),
	} {
		d, err := Read([]byte(text))
		if d != nil || !errors.Is(err, ErrAnswer) || strings.ContainsAny(err.Error(), "\n\t") || strings.Contains(err.Error(), "struct {") {
			t.Errorf("%.80s: %+v, %v", text, d, err)
		}
	}
}

// FuzzAnswer: what passes has gates, and in each of them the word true stands for passed.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{answer(holding), answer(excepted, blocking), `{"gates":[{"passed":true}]}`, `{"gates":[` + holding + `],"gates":[` + blocking + `]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Read(text)
		if err != nil {
			if d != nil || !errors.Is(err, ErrAnswer) {
				t.Fatalf("%v %v", d, err)
			}
			return
		}
		var plain struct{ Gates []struct{ Passed any } }
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatalf("%q was read: %v", text, err)
		}
		all := len(plain.Gates) > 0
		for _, g := range plain.Gates {
			all = all && g.Passed == true
		}
		if (d.Verdict == Passed) != all || strings.HasPrefix(d.Line, Passed) != all {
			t.Fatalf("%q: %s", text, d.Line)
		}
	})
}
