package daemon_test

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/daemon"
)

func (d *decided) policyKey(t testing.TB) {
	t.Helper()
	_, err := stellav1.NewKeyServiceClient(d.admin).GenerateKey(t.Context(), &stellav1.GenerateKeyRequest{Label: "policy-1", Role: "policy"})
	must(t, err)
}

// put signs files of a policy, takes them in and has them decide.
func (d *decided) put(t testing.TB, change map[string]string) (sha256 string, version *stellav1.PolicyVersion) {
	t.Helper()
	loaded, err := d.load(t, packed(t, change), true)
	must(t, err)
	resp, err := d.policies.ActivatePolicy(t.Context(), &stellav1.ActivatePolicyRequest{Sha256: loaded.GetBundle().GetSha256()[:12]})
	must(t, err)
	return loaded.GetBundle().GetSha256(), resp.GetVersion()
}

// answers is a policy of one module that answers so.
func answers(body string) map[string]string {
	return map[string]string{"stella/decision.rego": "package stella\n\n" + body + "\n"}
}

// TestVersions: a policy decides from its activation on, under a number that only rises, also after a restart.
func TestVersions(t *testing.T) {
	d := scanned(t)
	if _, err := d.load(t, packed(t, nil), true); api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_NO_KEY {
		t.Errorf("signed with no key: %v", err)
	}
	d.policyKey(t)
	lax := strings.Replace(environments(t), `"threshold": 7.0`, `"threshold": 9.9`, 1)
	first, v := d.put(t, map[string]string{"stella/environments/data.json": lax})
	if v.GetNumber() != 1 || v.GetSha256() != first {
		t.Fatalf("%v", v)
	}
	if got := d.decides(t, "with a higher threshold", "PASSED - all 9 gates hold"); got.GetPolicyVersion() != 1 || got.GetPolicySha256() != first {
		t.Errorf("%v", got)
	}
	if _, err := d.policies.ActivatePolicy(t.Context(), &stellav1.ActivatePolicyRequest{Sha256: first}); api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST {
		t.Errorf("activated twice: %v", err)
	}
	if _, err := d.policies.RollbackPolicy(t.Context(), &stellav1.RollbackPolicyRequest{}); api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_NO_POLICY {
		t.Errorf("back to nothing: %v", err)
	}
	d.put(t, map[string]string{"stella/environments/data.json": environments(t) + "\n"})
	d.decides(t, "with the old threshold", blocked)
	back, err := d.policies.RollbackPolicy(t.Context(), &stellav1.RollbackPolicyRequest{})
	must(t, err)
	if v := back.GetVersion(); v.GetNumber() != 3 || v.GetTo() != 1 || v.GetSha256() != first {
		t.Errorf("%v", v)
	}
	d.again(t)
	if got := d.decides(t, "after rollback and restart", "PASSED - all 9 gates hold"); got.GetPolicyVersion() != 3 {
		t.Errorf("%v", got)
	}
	list, err := d.policies.ListPolicies(t.Context(), &stellav1.ListPoliciesRequest{})
	must(t, err)
	var numbers []uint64
	for _, v := range list.GetVersions() {
		numbers = append(numbers, v.GetNumber())
	}
	if !slices.Equal(numbers, []uint64{0, 1, 2, 3}) || len(list.GetBundles()) != 2 {
		t.Errorf("%v", list)
	}
}

// TestNotTakenIn: no bundle that nobody signed, that somebody else signed, that was changed, or that can't be evaluated.
func TestNotTakenIn(t *testing.T) {
	d := scanned(t)
	d.policyKey(t)
	for name, c := range map[string]struct {
		text   []byte
		sign   bool
		reason stellav1.ErrorReason
	}{
		"unsigned":         {packed(t, nil), false, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
		"no bundle":        {[]byte("x"), true, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
		"nothing":          {nil, true, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
		"no Rego":          {packed(t, answers("decision := ")), true, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
		"a network":        {packed(t, answers(`decision := http.send({"url": "http://127.0.0.1", "method": "get"})`)), true, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
		"a clock":          {packed(t, answers(`decision := time.now_ns()`)), true, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
		"wrong parameters": {packed(t, map[string]string{"stella/environments/data.json": `{"production": {"cvss": 7}}`}), true, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
		"another input":    {packed(t, map[string]string{".manifest": `{"roots": ["stella"], "metadata": {"stella": {"input": 2}}}`}), true, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
		"forged":           {packed(t, map[string]string{".signatures.json": `{"signatures":["e30.e30.e30"]}`}), false, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	} {
		if _, err := d.load(t, c.text, c.sign); api.Reason(err) != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, err := d.policies.ListPolicies(t.Context(), &stellav1.ListPoliciesRequest{})
	if err != nil || len(list.GetBundles()) != 0 {
		t.Errorf("%v %v", list, err)
	}
	d.decides(t, "after all that was refused", blocked)
}

// TestNoAnswer: whatever keeps a policy from answering is a decision that blocks, soon, and others' decisions are unharmed.
func TestNoAnswer(t *testing.T) {
	d := scanned(t)
	d.policyKey(t)
	gate := `{"name": "all", "passed": true, "before": true, "reasons": [], "looked": []}`
	for name, body := range map[string]string{
		"undefined":         `decision := {"gates": [` + gate + `], "exceptions": []} if input.version == 99`,
		"a failing builtin": "default decision := {\"gates\": [" + gate + "], \"exceptions\": []}\ndecision := {\"gates\": []} if to_number(input.artifact.digest) == 1",
		"true":              `decision := true`,
		"no gates":          `decision := {"gates": [], "exceptions": []}`,
		"a word for true":   `decision := {"gates": [` + strings.Replace(gate, "true", `"true"`, 1) + `], "exceptions": []}`,
		"for ever":          `decision := {"gates": [` + gate + `], "exceptions": []} if count([1 | some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a == b]) > 0`,
		"all memory":        `decision := {"gates": [` + gate + `], "exceptions": []} if count([x | some i in numbers.range(1, 100000); x := sprintf("%0100000d", [i])]) > 0`,
	} {
		d.put(t, answers(body))
		began := time.Now()
		got := d.evaluate(t)
		if got.GetVerdict() != "BLOCKED" || len(got.GetGates()) != 1 || got.GetGates()[0].GetName() != "policy" {
			t.Errorf("%s: %v", name, got)
		}
		t.Logf("%s: %v: %s", name, time.Since(began), got.GetLine())
	}
	_, err := d.policies.RollbackPolicy(t.Context(), &stellav1.RollbackPolicyRequest{Version: 1})
	must(t, err)
	if got := d.evaluate(t); got.GetVerdict() != "BLOCKED" {
		t.Errorf("%v", got)
	}
}

// TestNothingStandsIn: where the bytes of the policy in force can't be had, nothing stands in for it.
func TestNothingStandsIn(t *testing.T) {
	d := scanned(t)
	d.policyKey(t)
	sha256, _ := d.put(t, map[string]string{"stella/environments/data.json": strings.Replace(environments(t), `"threshold": 7.0`, `"threshold": 9.9`, 1)})
	d.stop()
	name := blobOf(t, d.config.State, sha256)
	must(t, os.Remove(name))
	if _, err := daemon.New(d.config, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "the policy in force") {
		t.Errorf("%v", err)
	}
}

// blobOf finds the file that has content of a digest.
func blobOf(t testing.TB, state, sha256 string) (name string) {
	t.Helper()
	must(t, filepath.WalkDir(filepath.Join(state, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.Contains(e.Name(), sha256[4:]) {
			name = path
		}
		return err
	}))
	if name == "" {
		t.Fatalf("no blob of %s", sha256)
	}
	return name
}

// TestSignedDecision: a decision is kept with what it was made of, and comes out the same when it is made once more.
func TestSignedDecision(t *testing.T) {
	d := scanned(t)
	signed, err := d.policies.SignDecision(t.Context(), &stellav1.SignDecisionRequest{Artifact: app, Environment: "production"})
	must(t, err)
	if signed.GetDecision().GetLine() != blocked {
		t.Errorf("%v", signed)
	}
	_, err = d.says(t, nil)
	must(t, err)
	d.decides(t, "meanwhile", excepted)
	d.again(t)
	again, err := d.policies.ReplayDecision(t.Context(), &stellav1.ReplayDecisionRequest{Sha256: signed.GetSha256()[:8]})
	if err != nil || !again.GetSame() || again.GetNow().GetLine() != blocked || again.GetThen().GetInputSha256() != signed.GetDecision().GetInputSha256() {
		t.Errorf("%v %v", again, err)
	}
	for prefix, reason := range map[string]stellav1.ErrorReason{
		strings.Repeat("0", 64): stellav1.ErrorReason_ERROR_REASON_NO_POLICY, "abc": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST,
	} {
		if _, err := d.policies.ReplayDecision(t.Context(), &stellav1.ReplayDecisionRequest{Sha256: prefix}); api.Reason(err) != reason {
			t.Errorf("%s: %v", prefix, err)
		}
	}
}

// TestSealed: the workers can open nothing, and what the daemon has open are Unix sockets.
func TestSealed(t *testing.T) {
	d := deciding(t)
	d.evaluate(t)
	resp, err := stellav1.NewStatusServiceClient(d.admin).Sealed(t.Context(), &stellav1.SealedRequest{})
	must(t, err)
	held := map[string]bool{}
	for _, s := range resp.GetSeals() {
		held[s.GetName()] = s.GetHolds()
		if s.GetProof() == "" || strings.Contains(s.GetProof(), "\n") {
			t.Errorf("%v", s)
		}
	}
	for _, name := range []string{"sockets", "policy functions", "worker 1 sockets", "worker 1 files", "worker 2 sockets", "worker 2 files"} {
		if !held[name] {
			t.Errorf("%s: %v", name, resp)
		}
	}
	if resp.GetPid() != uint32(os.Getpid()) {
		t.Errorf("%v", resp)
	}
}
