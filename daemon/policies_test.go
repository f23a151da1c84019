package daemon_test

import (
	"os"
	"strings"
	"testing"

	stellav1 "stellad/api/stella/v1"
	"stellad/hsm/hsmtest"
)

// An asker is a trial with keys in a token, whose own trust root is in force.
type decided struct {
	*trial
	policies stellav1.PolicyServiceClient
	vexes    stellav1.VEXServiceClient
}

func deciding(t testing.TB) *decided {
	t.Helper()
	c := withToken(t)
	hsmtest.New(t).Serve(t, c.HSM)
	must(t, os.RemoveAll(c.Trust))
	must(t, os.Mkdir(c.Trust, 0o700)) // where nothing is, the appliance has what it publishes
	d := run(t, c)
	d.await(t, "keys", true)
	must(t, d.daemon.Reload(t.Context()))
	return &decided{d, stellav1.NewPolicyServiceClient(d.admin), stellav1.NewVEXServiceClient(d.admin)}
}


// attest signs a predicate on the artifact and takes the attestation in.
func (d *decided) attest(t testing.TB, predicateType, predicate string) {
	t.Helper()
	resp, err := stellav1.NewSigningServiceClient(d.admin).SignStatement(t.Context(), &stellav1.SignStatementRequest{
		Key: "signing", Subjects: []*stellav1.SignStatementRequest_Subject{{Name: "app", Digest: map[string]string{"sha256": strings.TrimPrefix(app, "sha256:")}}},
		PredicateType: predicateType, Predicate: []byte(predicate),
	})
	must(t, err)
	added, err := d.add(t, "", string(resp.GetBundle()), 1<<20)
	must(t, err)
	if added.GetEvidence().GetVerdict() != "verified" {
		t.Fatalf("%v", added)
	}
}

func (d *decided) evaluate(t testing.TB) *stellav1.PolicyDecision {
	t.Helper()
	resp, err := d.policies.Evaluate(t.Context(), &stellav1.EvaluateRequest{Artifact: app, Environment: "production"})
	must(t, err)
	return resp.GetDecision()
}

func TestDecide(t *testing.T) {
	d := deciding(t)
	t.Log(d.evaluate(t))
	d.attest(t, "https://example.org/grype", `{"descriptor":{"name":"grype","version":"0.90.0"},"matches":[{"vulnerability":{"id":"CVE-2024-12345","severity":"Critical","cvss":[{"version":"3.1","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","metrics":{"baseScore":9.8}}]},"artifact":{"name":"foo","version":"1","purl":"pkg:deb/debian/foo@1"}}],"source":{"type":"image"}}`)
	t.Log(d.evaluate(t))
	added, err := d.vexes.AddVEX(t.Context(), &stellav1.AddVEXRequest{Vulnerability: "CVE-2024-12345", Status: "not_affected", Justification: "Vulnerable code path not reachable", Sign: true})
	must(t, err)
	t.Log(added)
	t.Log(d.evaluate(t))
}
