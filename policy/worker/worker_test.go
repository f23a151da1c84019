package worker_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"stellad/policy/engine"
	"stellad/policy/worker"
)

// The test binary is a worker too, by this variable.
const asWorker = "STELLA_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) == "" {
		os.Exit(m.Run())
	}
	if err := worker.Child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func command() *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = []string{asWorker + "=1"}
	return c
}

// bundle packs modules of Rego, by their own text, beside parameters for one environment.
func bundle(t testing.TB, modules ...string) []byte {
	t.Helper()
	files := map[string]string{"data.json": `{"stella":{"environments":{"e":{}},"schema":{"type":"object"}}}`}
	for i, m := range modules {
		files[fmt.Sprintf("m%d.rego", i)] = m
	}
	return pack(t, files)
}

func pack(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}))
		_, err := w.Write([]byte(text))
		must(t, err)
	}
	must(t, errors.Join(w.Close(), z.Close()))
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const good = "package stella\n\ndecision := {\"gates\": [{\"n\": input.n, \"e\": input.environment}]}\n"

var facts = worker.NewFacts([]byte(`{"n":1,"list":[1,2,3]}`))

func pool(t testing.TB, text []byte) *worker.Pool {
	p := worker.NewPool(command, 2)
	t.Cleanup(p.Close)
	p.Use(&worker.Bundle{Text: text})
	return p
}

func decide(t testing.TB, p *worker.Pool) (string, error) {
	t.Helper()
	answer, _, err := p.Decide(t.Context(), facts, map[string]any{"environment": "e"})
	return string(answer), err
}

func TestDecide(t *testing.T) {
	p := pool(t, bundle(t, good))
	for range 5 {
		if answer, err := decide(t, p); err != nil || answer != `{"gates":[{"e":"e","n":1}]}` {
			t.Errorf("%s %v", answer, err)
		}
	}
	p.Use(&worker.Bundle{Text: bundle(t, strings.Replace(good, "input.n", "2", 1))})
	if answer, err := decide(t, p); err != nil || answer != `{"gates":[{"e":"e","n":2}]}` {
		t.Errorf("another policy: %s %v", answer, err)
	}
}

// hostile are policies that give no answer, and why.
var hostile = map[string]struct {
	module string
	is     error
}{
	"a regular expression": {`decision := regex.find_n("(.*)*(.*)*(.*)*x", concat("", [s | some i in numbers.range(1, 2000000); s := "a"]), -1)`, nil},
	"paths of a graph":     {`decision := graph.reachable_paths({sprintf("%d", [i]): [sprintf("%d", [j]) | some j in numbers.range(1, 14)] | some i in numbers.range(1, 14)}, {"1"})`, nil},
	"a loop":               {`decision := count([1 | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000); i * j == 7])`, nil},
	"memory by a range":    {`decision := count(numbers.range(1, 1000000000))`, nil},
	"memory by text": {`decision := count(d) if {
	a := concat("", [s | some i in numbers.range(1, 100000); s := "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
	b := concat("", [a | some i in numbers.range(1, 1000)])
	d := concat("", [b | some i in numbers.range(1, 1000)])
}`, nil},
	"a failing function":          {"default allow := true\n\nallow := false if to_number(\"x\") == 1\n\ndecision := {\"gates\": [{\"allow\": allow}]}", engine.ErrFailed},
	"a division by zero":          {"decision := {\"gates\": [1 / 0]}", engine.ErrFailed},
	"a conflict":                  {"decision := 1 if true\n\ndecision := 2 if true", engine.ErrFailed},
	"an undefined decision":       {"decision := 1 if input.nothing", engine.ErrUndefined},
	"no decision":                 {"x := 1", engine.ErrUndefined},
	"the network":                 {`decision := http.send({"method": "GET", "url": "http://127.0.0.1:1"})`, engine.ErrPolicy},
	"a name looked up":            {`decision := net.lookup_ip_addr("localhost")`, engine.ErrPolicy},
	"the clock":                   {`decision := time.now_ns()`, engine.ErrPolicy},
	"randomness":                  {`decision := rand.intn("x", 100)`, engine.ErrPolicy},
	"an identifier":               {`decision := uuid.rfc4122("x")`, engine.ErrPolicy},
	"the environment":             {`decision := opa.runtime().env`, engine.ErrPolicy},
	"certificates, by the clock":  {`decision := crypto.x509.parse_and_verify_certificates("x")`, engine.ErrPolicy},
	"a key's signature":           {`decision := io.jwt.encode_sign({}, {}, {})`, engine.ErrPolicy},
	"a schema of elsewhere":       {`decision := json.match_schema({}, {"$ref": "http://127.0.0.1:1/x"})`, engine.ErrPolicy},
	"no Rego":                     {"decision :=", engine.ErrPolicy},
	"Rego of another version":     {"decision[x] { x := 1 }", engine.ErrPolicy},
	"a builtin's name, overruled": {"decision := data.stella.y with http.send as 1\n\ny := 1", engine.ErrPolicy},
}

// TestHostile: no answer, within 1.2 s, and the pool answers again at once.
func TestHostile(t *testing.T) {
	for name, c := range hostile {
		t.Run(name, func(t *testing.T) {
			text := bundle(t, "package stella\n\n"+c.module+"\n")
			p := pool(t, text)
			_, _ = decide(t, p) // it is compiled then
			start := time.Now()
			answer, err := decide(t, p)
			took := time.Since(start)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || c.is == nil && !errors.Is(err, worker.ErrDeadline) && !errors.Is(err, worker.ErrEnded) {
				t.Errorf("%.200s %v", answer, err)
			}
			t.Logf("%v after %v", err, took)
			if limit := worker.Deadline + worker.Deadline/5; took > limit && c.is == nil {
				t.Errorf("told after %v", took)
			}
			p.Use(&worker.Bundle{Text: bundle(t, good)})
			if answer, err := decide(t, p); err != nil || !strings.Contains(answer, `"n":1`) {
				t.Errorf("then %.200s %v", answer, err)
			}
		})
	}
}

// Others are unharmed: while one policy is killed again and again, another pool's decisions come.
func TestOthers(t *testing.T) {
	bad, p := pool(t, bundle(t, "package stella\n\n"+hostile["a regular expression"].module)), pool(t, bundle(t, good))
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if _, err := decide(t, bad); err == nil {
				t.Error("answered")
			}
		})
	}
	for range 50 {
		if _, err := decide(t, p); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}

func TestWaiting(t *testing.T) {
	p := pool(t, bundle(t, "package stella\n\n"+hostile["a loop"].module))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	failed := make([]error, 3)
	for i := range failed {
		all.Go(func() { _, _, failed[i] = p.Decide(ctx, facts, nil) })
	}
	all.Wait()
	if err := errors.Join(failed...); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, worker.ErrDeadline) {
		t.Errorf("%v", failed)
	}
}

func TestNoProgram(t *testing.T) {
	p := worker.NewPool(func() *exec.Cmd { return exec.Command("/nowhere/stellad") }, 1)
	defer p.Close()
	p.Use(&worker.Bundle{Text: bundle(t, good)})
	if _, err := decide(t, p); !errors.Is(err, worker.ErrStart) {
		t.Error(err)
	}
}

func TestNoPolicy(t *testing.T) {
	p := worker.NewPool(command, 1)
	defer p.Close()
	if _, err := decide(t, p); !errors.Is(err, engine.ErrUndefined) {
		t.Error(err)
	}
}

func TestAlone(t *testing.T) {
	c := worker.Command(command)
	s, err := c.Check(pack(t, map[string]string{"stella/p.rego": good, "stella/environments/data.json": `{"b":{},"a":{}}`, "stella/schema/data.json": `{}`, ".manifest": `{"revision":"7","roots":["stella"]}`}))
	if err != nil || s.Revision != "7" || fmt.Sprint(s.Environments) != "[a b]" {
		t.Errorf("%+v %v", s, err)
	}
	tests, err := c.Test(bundle(t, good, "package stella_test\n\nimport data.stella\n\ntest_good if stella.decision.gates with input as {\"n\": 1, \"environment\": \"e\"}\n\ntest_bad if false\n\ntest_error if 1 / 0 == 1\n\ntodo_test_later if true\n"))
	got := map[string]bool{}
	for _, r := range tests {
		got[r.Name] = r.Passed
	}
	if err != nil || len(got) != 4 || !got["data.stella_test.test_good"] || got["data.stella_test.test_bad"] || got["data.stella_test.test_error"] {
		t.Errorf("%+v %v", tests, err)
	}
	if answer, err := c.Decide(bundle(t, good), facts, map[string]any{"environment": "x"}); err != nil || string(answer) != `{"gates":[{"e":"x","n":1}]}` {
		t.Errorf("%s %v", answer, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	data := func(text string) map[string]string { return map[string]string{"p.rego": good, "data.json": text} }
	for name, c := range map[string]struct {
		files map[string]string
		says  string
	}{
		"no parameters":         {map[string]string{"p.rego": good}, "names no environment"},
		"no schema":             {data(`{"stella":{"environments":{"e":{}}}}`), "data.stella.schema: there is none"},
		"a schema that is none": {data(`{"stella":{"environments":{"e":{}},"schema":{"type":7}}}`), "data.stella.schema"},
		"a schema elsewhere":    {data(`{"stella":{"environments":{"e":{}},"schema":{"$ref":"file:///etc/passwd"}}}`), "may not refer to another document"},
		"a wrong parameter":     {data(`{"stella":{"environments":{"e":{"cvss":{"threshold":"high"}}},"schema":{"properties":{"cvss":{"properties":{"threshold":{"type":"number"}}}}}}}`), `environment "e": cvss.threshold: got string, want number`},
		"an unknown one":        {data(`{"stella":{"environments":{"e":{"x":1}},"schema":{"additionalProperties":false}}}`), `environment "e": its parameters: additional properties 'x' not allowed`},
		"no Rego":               {map[string]string{"data.json": `{}`}, "no module"},
		"a part outside":        {map[string]string{"../p.rego": good}, ""},
		"outside its roots":     {map[string]string{"p.rego": good, ".manifest": `{"roots":["other"]}`}, ""},
	} {
		if _, err := worker.Command(command).Check(pack(t, c.files)); !errors.Is(err, engine.ErrPolicy) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := worker.Command(command).Check([]byte("no archive")); !errors.Is(err, engine.ErrPolicy) {
		t.Error(err)
	}
}
