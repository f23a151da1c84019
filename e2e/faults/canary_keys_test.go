package faults

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
)

// What may be said to keys and signatures, and where it may be found again. What is signed is in blobs alone; why a key is
// not believed is in an annotation alone, which can be erased; the PIN, and what a timestamp's client counts by, nowhere.
const (
	subjectSaid = "a subject's name"
	typeSaid    = "a predicate's type"
	bodySaid    = "a predicate"
	whySaid     = "an endorsement's reason"
	reasonSaid  = "a key's reason"
	erasedSaid  = "a key's reason, erased"
	nonceSaid   = "a timestamp's nonce"
	refusedSaid = "what was refused"
	pinSaid     = "the PIN"
)

func init() {
	for _, field := range []string{subjectSaid, typeSaid, bodySaid, whySaid} {
		kept[field] = []string{"blobs/"}
	}
	kept[reasonSaid] = []string{"audit/annotations/", "export: annotations.jsonl", "export: table.csv"} // not in a record
}

// TestKeyCanaries has the appliance do with its keys all that it does, with a canary wherever somebody may say something,
// and looks for them in all that it keeps, logs and answers, and in what the kernel shows of its processes.
func TestKeyCanaries(t *testing.T) {
	h := newHomeOf(t, "", serveToken(t))
	config, err := os.ReadFile(h.config())
	must(t, err)
	must(t, os.WriteFile(h.config(), append(config, "log = \"debug\"\n"...), 0o600))
	a, places := h.start(t), map[string]string{}
	c := cage{all: []canary{{pinSaid, h.token.PIN}}}
	c.sign(t, a)
	c.refused(t, a, places)
	c.processes(t, a, places)
	c.distrust(t, a)
	for name, text := range a.export(t) {
		places["export: "+name] = text
	}
	for _, args := range [][]string{{"status"}, {"doctor"}, {"metrics"}, {"key", "list"}, {"key", "show", "attestation-1"}, {"audit", "list"}} {
		out, err := a.command(append([]string{"adminctl"}, args...)...).CombinedOutput()
		if exitOf(err) < 0 || len(out) == 0 {
			t.Errorf("%v: %v", args, err)
		}
		if args[0] != "audit" { // which shows annotations
			places["adminctl "+strings.Join(args, " ")] = string(out)
		}
	}
	a.stop(t)
	places["the log"] = a.log.String()
	c.wrongPIN(t, h.token, places)
	places["the HSM's log"] = h.token.log.String()
	for _, name := range files(t, h.state) {
		data, _ := trimmed(t, filepath.Join(h.state, name))
		places[name] = string(data)
	}
	there := c.search(t, places)
	for _, field := range []string{subjectSaid, typeSaid, bodySaid, whySaid, reasonSaid} {
		if !there[field] {
			t.Errorf("%s is not found where it is: the search is blind", field)
		}
	}
	t.Logf("%-24s %6d canaries in %d places", "canaries of keys", len(c.all), len(places))
}

// sign has things signed and stamped.
func (c *cage) sign(t *testing.T, a *appliance) {
	t.Helper()
	endorsement := statement("an artifact")
	endorsement.Subjects[0].Name, endorsement.Why = c.hatch(subjectSaid), c.hatch(whySaid)
	stated := statement("another")
	stated.Subjects[0].Name, stated.PredicateType = c.hatch(subjectSaid), "https://example.com/"+c.hatch(typeSaid)
	stated.Predicate = fmt.Appendf(nil, `{%q:%q}`, c.hatch(bodySaid), c.hatch(bodySaid))
	for range 2 { // again, for what is remembered
		for _, req := range []*stellav1.SignStatementRequest{endorsement, stated} {
			_, err := a.signing.SignStatement(within(t), req)
			must(t, err)
		}
	}
	sum := sha256.Sum256([]byte("an artifact"))
	request, err := (&timestamp.Request{
		HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Nonce: new(big.Int).SetBytes([]byte(c.hatch(nonceSaid))),
	}).Marshal()
	must(t, err)
	resp, err := a.signing.Timestamp(within(t), &stellav1.TimestampRequest{Request: request})
	must(t, err)
	_, err = timestamp.ParseResponse(resp.GetResponse())
	must(t, err)
	_, err = a.keys.RotateKey(within(t), &stellav1.RotateKeyRequest{NewLabel: "next"})
	must(t, err)
}

// refused asks for what is refused at each step, with all else in order. What the client is told is a place too.
func (c *cage) refused(t *testing.T, a *appliance, places map[string]string) {
	t.Helper()
	say := func() string { return c.hatch(refusedSaid) }
	try := func(change func(r *stellav1.SignStatementRequest)) {
		req := statement(fmt.Sprint(len(c.all)))
		req.Key, req.Subjects[0].Name = "next", say()
		change(req)
		if _, err := a.signing.SignStatement(within(t), req); err == nil {
			t.Error("it is not refused")
		}
	}
	stated := func(predicate string) func(r *stellav1.SignStatementRequest) {
		return func(r *stellav1.SignStatementRequest) {
			r.PredicateType, r.Predicate = "https://example.com/"+say(), []byte(predicate)
		}
	}
	for _, change := range []func(r *stellav1.SignStatementRequest){
		stated(`{"` + say() + `":`), stated(`["` + say() + `"]`), stated(fmt.Sprintf(`{%[1]q:1,%[1]q:2}`, say())), stated(say()),
		func(r *stellav1.SignStatementRequest) { r.PredicateType = say() },
		func(r *stellav1.SignStatementRequest) { r.Predicate = []byte(`{"a":"` + say() + `"}`) },
		func(r *stellav1.SignStatementRequest) { r.Why = strings.Repeat(say(), 1000) },
		func(r *stellav1.SignStatementRequest) { r.Why = "\n" + say() },
		func(r *stellav1.SignStatementRequest) { r.Subjects[0].Digest["sha256"] = say() },
		func(r *stellav1.SignStatementRequest) { r.Subjects[0].Digest[say()] = say() },
		func(r *stellav1.SignStatementRequest) { r.Key, r.Why = "attestation-1", say() }, // which is retired
		func(r *stellav1.SignStatementRequest) { r.Key, r.Why = "log-1", say() },
	} {
		try(change)
	}
	since := timestamppb.New(time.Now().Add(-time.Hour))
	for _, req := range []*stellav1.MarkKeyCompromisedRequest{
		{Key: "none", Since: since, Reason: say()},
		{Key: "next", Reason: say()},
		{Key: "next", Since: since, Reason: strings.Repeat(say(), 1000)},
		{Key: say(), Since: since},
	} {
		if _, err := a.keys.MarkKeyCompromised(within(t), req); err == nil {
			t.Error("it is not refused")
		}
	}
	end := moveAway(t, a.token.Dir) // refused by the token
	try(func(r *stellav1.SignStatementRequest) { r.Why = say() })
	for _, args := range [][]string{{"key", "generate", "--label", "more", "--role", "attestation"}, {"status"}, {"doctor"}} {
		out, _ := a.command(append([]string{"adminctl"}, args...)...).CombinedOutput()
		places["without a token: adminctl "+args[0]] = string(out)
	}
	end()
	a.signsAgainWith(t, "next")
}

// signsAgainWith waits until the token is back.
func (a *appliance) signsAgainWith(t *testing.T, key string) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		req := statement("it is back")
		req.Key = key
		if _, err := a.signing.SignStatement(within(t), req); err == nil {
			return
		} else if time.Since(began) > 5*time.Second {
			t.Fatal(err)
		}
	}
}

// distrust says why a key is not believed, and has the first that was said erased.
func (c *cage) distrust(t *testing.T, a *appliance) {
	t.Helper()
	erased := c.hatch(erasedSaid)
	for i, reason := range []string{erased, c.hatch(reasonSaid)} {
		since := timestamppb.New(time.Now().Add(-time.Duration(i+1) * time.Hour))
		_, err := a.keys.MarkKeyCompromised(within(t), &stellav1.MarkKeyCompromisedRequest{Key: "next", Since: since, Reason: reason})
		must(t, err)
	}
	rows, err := a.records(within(t))
	must(t, err)
	for _, r := range rows {
		if r.annotation == erased {
			_, err = a.audit.Erase(within(t), &stellav1.EraseRequest{Seqs: []uint64{r.what(t).Seq}})
			must(t, err)
			return
		}
	}
	t.Error("a key's reason is not in an annotation")
}

// processes looks at what the kernel shows of those that run, and whether the one that has the PIN may leave a core.
func (c *cage) processes(t *testing.T, a *appliance, places map[string]string) {
	t.Helper()
	halt(t, a.token.pid())
	client := a.command("adminctl", "timestamp", "request", "--data", a.config(), "--out", filepath.Join(a.dir, "seen.tsr"))
	must(t, client.Start())
	time.Sleep(200 * time.Millisecond) // it waits for the token now
	for name, pid := range map[string]int{"stellad": a.process().Pid, "stellad-hsm": a.token.pid(), "adminctl": client.Process.Pid} {
		for _, file := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
			if err != nil && os.Geteuid() != 0 && name == "stellad-hsm" {
				continue // it shows its own user nothing, either
			}
			if must(t, err); file == "cmdline" && !strings.Contains(string(text), name) {
				t.Errorf("process %d is no %s: %q", pid, name, text)
			}
			places["/proc/"+name+"/"+file] = string(text)
		}
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", a.token.pid()))
	must(t, err)
	if core := strings.Fields(after(string(limits), "Max core file size")); len(core) < 2 || core[0] != "0" || core[1] != "0" {
		t.Errorf("stellad-hsm may leave a core: %q", core)
	}
	must(t, syscall.Kill(a.token.pid(), syscall.SIGCONT))
	_ = client.Wait()
}

func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

// wrongPIN has the token refuse one, as often as that happens.
func (c *cage) wrongPIN(t *testing.T, k *token, places map[string]string) {
	t.Helper()
	k.stop()
	k.writePIN(t, c.hatch("a wrong PIN"))
	runtime := shortDir(t)
	for i, args := range [][]string{{"check", "--config", k.config()}, {"--config", k.config()}, {"--config", k.config()}} {
		cmd := exec.Command("stellad-hsm", args...)
		cmd.Env = append(append(os.Environ(), k.Env...), "RUNTIME_DIRECTORY="+runtime)
		out, err := cmd.CombinedOutput()
		if exitOf(err) != pinRefused || !bytes.Contains(out, []byte("PIN")) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		places[fmt.Sprint("a wrong PIN: stellad-hsm ", i)] = string(out)
	}
	for _, name := range files(t, runtime) {
		data, err := os.ReadFile(filepath.Join(runtime, name))
		must(t, err)
		places["pin-refused"] = string(data)
	}
	if places["pin-refused"] == "" {
		t.Error("nobody remembers that the PIN was refused")
	}
}
