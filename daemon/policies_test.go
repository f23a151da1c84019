package daemon_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/hsm/hsmtest"
	"stellad/policy"
	"stellad/policy/bundle"
	"stellad/policy/pack"
)

// A decided is a trial whose keys are in a token and whose own trust root is in force.
type decided struct {
	*trial
	token    hsmtest.Token
	policies stellav1.PolicyServiceClient
	vexes    stellav1.VEXServiceClient
}

func deciding(t testing.TB) *decided {
	t.Helper()
	c := withToken(t)
	token := hsmtest.New(t)
	token.Serve(t, c.HSM)
	must(t, os.RemoveAll(c.Trust))
	must(t, os.Mkdir(c.Trust, 0o700)) // where nothing is, the appliance believes what it publishes
	d := &decided{trial: run(t, c), token: token}
	d.await(t, "keys", true)
	d.clients()
	return d
}

func (d *decided) clients() {
	d.policies, d.vexes = stellav1.NewPolicyServiceClient(d.admin), stellav1.NewVEXServiceClient(d.admin)
}

// again stops the daemon and starts it anew.
func (d *decided) again(t testing.TB) {
	t.Helper()
	d.stop()
	d.trial = run(t, d.config)
	d.await(t, "keys", true)
	d.clients()
}

// attest signs a predicate on the artifact, takes the attestation in, and gives its SHA-256.
func (d *decided) attest(t testing.TB, predicateType, predicate string) string {
	t.Helper()
	resp, err := stellav1.NewSigningServiceClient(d.admin).SignStatement(t.Context(), &stellav1.SignStatementRequest{
		Key: "attestation-1", Subjects: []*stellav1.SignStatementRequest_Subject{{Name: "app", Digest: map[string]string{"sha256": strings.TrimPrefix(app, "sha256:")}}},
		PredicateType: predicateType, Predicate: []byte(predicate),
	})
	must(t, err)
	added, err := d.add(t, "", string(resp.GetBundle()), 1<<20)
	must(t, err)
	if added.GetEvidence().GetVerdict() != "verified" {
		t.Fatalf("%v", added)
	}
	return added.GetEvidence().GetSha256()
}

// scanned has an SBOM of the artifact and a report with one finding, CVE-2024-12345.
func scanned(t testing.TB) *decided {
	t.Helper()
	d := deciding(t)
	d.attest(t, "https://cyclonedx.org/bom", text(t, filepath.Join(demo, "fluentd.cdx.json")))
	d.attest(t, "tag:stella,2026:scan-report/v1", text(t, filepath.Join(demo, "busybox.grype.json")))
	return d
}

func (d *decided) evaluate(t testing.TB) *stellav1.PolicyDecision {
	t.Helper()
	resp, err := d.policies.Evaluate(t.Context(), &stellav1.EvaluateRequest{Artifact: app, Environment: "production"})
	must(t, err)
	return resp.GetDecision()
}

// decides wants the answer's line.
func (d *decided) decides(t testing.TB, when, line string) *stellav1.PolicyDecision {
	t.Helper()
	got := d.evaluate(t)
	if got.GetLine() != line {
		t.Errorf("%s: %q, not %q", when, got.GetLine(), line)
	}
	return got
}

const (
	blocked  = "BLOCKED - CVE-2024-12345 (CVSS 9.8) exceeds threshold"
	excepted = "PASSED - VEX exception applied"
)

func (d *decided) says(t testing.TB, change func(*stellav1.AddVEXRequest)) (*stellav1.VEXStatement, error) {
	t.Helper()
	req := &stellav1.AddVEXRequest{Vulnerability: "CVE-2024-12345", Status: "not_affected", Justification: "Vulnerable code path not reachable", Sign: true}
	if change != nil {
		change(req)
	}
	resp, err := d.vexes.AddVEX(t.Context(), req)
	return resp.GetStatement(), err
}

// TestDecision: a finding blocks until a signed statement takes it out, and blocks again when that is withdrawn.
func TestDecision(t *testing.T) {
	d := scanned(t)
	d.decides(t, "at first", blocked)
	unsigned, err := d.says(t, func(r *stellav1.AddVEXRequest) { r.Sign, r.Artifact = false, app[:20] })
	must(t, err)
	if unsigned.GetVerified() {
		t.Errorf("%v", unsigned)
	}
	d.decides(t, "with a statement that nobody signed", blocked)
	signed, err := d.says(t, nil)
	must(t, err)
	got := d.decides(t, "with a signed one", excepted)
	if e := got.GetExceptions(); got.GetBefore() != "BLOCKED" || len(e) != 1 || e[0].GetStatement() != signed.GetId() || e[0].GetFinding() != "CVE-2024-12345" {
		t.Errorf("%v", got)
	}
	_, err = d.vexes.WithdrawVEX(t.Context(), &stellav1.WithdrawVEXRequest{Id: signed.GetId(), Reason: "a plugin reaches it"})
	must(t, err)
	d.decides(t, "when it is withdrawn", blocked)
	list, err := d.vexes.ListVEX(t.Context(), &stellav1.ListVEXRequest{Vulnerability: "cve-2024-12345"})
	must(t, err)
	var said []string
	for _, s := range list.GetStatements() {
		if s.GetVerified() {
			said = append(said, s.GetStatus())
		}
	}
	if len(list.GetStatements()) != 3 || strings.Join(said, " ") != "not_affected under_investigation" {
		t.Errorf("nothing is deleted: %v", list)
	}
	d.again(t)
	d.decides(t, "after a restart", blocked)
}

// TestNothingKnown: an artifact of which there is no evidence is blocked, and a prefix of one is no artifact.
func TestNothingKnown(t *testing.T) {
	d := deciding(t)
	if got := d.evaluate(t); got.GetVerdict() != "BLOCKED" || len(got.GetGates()) != 9 {
		t.Errorf("%v", got)
	}
	for artifact, reason := range map[string]stellav1.ErrorReason{
		app[:20]: stellav1.ErrorReason_ERROR_REASON_NO_EVIDENCE, "sha256:demo123": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, "": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST,
	} {
		_, err := d.policies.Evaluate(t.Context(), &stellav1.EvaluateRequest{Artifact: artifact, Environment: "production"})
		if api.Reason(err) != reason {
			t.Errorf("%q: %v", artifact, err)
		}
	}
	for environment, reason := range map[string]stellav1.ErrorReason{
		"moon": stellav1.ErrorReason_ERROR_REASON_NO_POLICY, "": stellav1.ErrorReason_ERROR_REASON_NO_POLICY, "a\nb": stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST,
	} {
		_, err := d.policies.Evaluate(t.Context(), &stellav1.EvaluateRequest{Artifact: app, Environment: environment})
		if api.Reason(err) != reason {
			t.Errorf("%q: %v", environment, err)
		}
	}
}

// TestUnverified: a document that nobody signed, or that is signed by somebody else, is shown and changes nothing.
func TestUnverified(t *testing.T) {
	d := scanned(t)
	before := d.evaluate(t)
	for _, foreign := range []string{
		strings.ReplaceAll(text(t, filepath.Join(demo, "busybox.grype.json")), "CVE-2024-12345", "CVE-2024-99999"),
		`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"me","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2024-12345"},"products":[{"@id":"x","hashes":{"sha-256":"` + app[7:] + `"}}],"status":"not_affected","justification":"component_not_present"}]}`,
		demoBundle(t),
	} {
		_, err := d.add(t, app, foreign, 1<<20)
		must(t, err)
	}
	resp, err := d.policies.Evaluate(t.Context(), &stellav1.EvaluateRequest{Artifact: app, Environment: "production", Explain: true})
	must(t, err)
	var in policy.Input
	must(t, json.Unmarshal(resp.GetInput(), &in))
	if len(in.Unverified) != 3 || len(in.Findings) != 1 || len(in.Statements) != 0 {
		t.Errorf("%+v", in)
	}
	if got := resp.GetDecision(); got.GetLine() != before.GetLine() || len(got.GetGates()) != len(before.GetGates()) {
		t.Errorf("%v, before %v", got, before)
	}
}

func TestRefusedVEX(t *testing.T) {
	d := scanned(t)
	for name, change := range map[string]func(*stellav1.AddVEXRequest){
		"no such finding":          func(r *stellav1.AddVEXRequest) { r.Vulnerability = "CVE-2020-0001" },
		"a status that is none":    func(r *stellav1.AddVEXRequest) { r.Status = "fine" },
		"no justification":         func(r *stellav1.AddVEXRequest) { r.Justification = "" },
		"affected, nothing to do":  func(r *stellav1.AddVEXRequest) { r.Status, r.Justification = "affected", "" },
		"no package URL":           func(r *stellav1.AddVEXRequest) { r.Products = []string{"busybox"} },
		"two lines":                func(r *stellav1.AddVEXRequest) { r.Vulnerability = "CVE-2024-12345\n" },
		"expired before it began":  func(r *stellav1.AddVEXRequest) { r.Expires = &timestamppb.Timestamp{Seconds: 1} },
		"an artifact that is none": func(r *stellav1.AddVEXRequest) { r.Artifact = "sha256:demo123" },
	} {
		if _, err := d.says(t, change); api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.says(t, func(r *stellav1.AddVEXRequest) { r.Key = "nobody" }); api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_NO_KEY {
		t.Errorf("%v", err)
	}
	for _, id := range []string{"", "abc", strings.Repeat("0", 64), "zzzzzz/0"} {
		if _, err := d.vexes.WithdrawVEX(t.Context(), &stellav1.WithdrawVEXRequest{Id: id, Reason: "x"}); err == nil {
			t.Errorf("%q was withdrawn", id)
		}
	}
	d.decides(t, "after all that was refused", blocked)
}

// packed is the built-in policy with files replaced.
func packed(t testing.TB, change map[string]string) []byte {
	t.Helper()
	files := bundle.Files(pack.Files())
	for name, text := range change {
		files[name] = []byte(text)
	}
	text, err := bundle.Pack(files)
	must(t, err)
	return text
}

func (d *decided) load(t testing.TB, text []byte, sign bool) (*stellav1.LoadPolicyResponse, error) {
	t.Helper()
	stream, err := d.policies.LoadPolicy(t.Context())
	must(t, err)
	must(t, stream.Send(&stellav1.LoadPolicyRequest{Content: text, Sign: sign}))
	return stream.CloseAndRecv()
}

// environments are the built-in policy's parameters.
func environments(t testing.TB) string {
	t.Helper()
	text, there := pack.Files()["stella/environments/data.json"]
	if !there {
		t.Fatal("the built-in policy has no parameters")
	}
	return string(text)
}

// TestLater: of two statements on one vulnerability the later one is later, whatever is stated of others meanwhile.
func TestLater(t *testing.T) {
	d := deciding(t)
	last := map[string]string{}
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // all of a second is before us
	for range 2 {
		for _, name := range []string{"CVE-2024-1", "CVE-2024-2"} {
			s, err := d.says(t, func(r *stellav1.AddVEXRequest) { r.Vulnerability, r.Artifact = name, app })
			must(t, err)
			if s.GetMade() <= last[name] {
				t.Errorf("%s: made at %s, and before at %s", name, s.GetMade(), last[name])
			}
			last[name] = s.GetMade()
		}
	}
}
