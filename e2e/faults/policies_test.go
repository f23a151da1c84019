package faults

import (
	"context"
	"fmt"
	"testing"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/sealed"
	attestsign "stellad/attest/sign"
	"stellad/policy/bundle"
	"stellad/policy/pack"
)

// ofPolicies are the mutations of what decides, and of what is said of vulnerabilities.
var ofPolicies = []mutation{
	{name: "/stella.v1.PolicyService/LoadPolicy", record: "bundle", keys: true, effect: bundles, prepare: policyKey, do: func(ctx context.Context, t testing.TB, a *appliance) error {
		_, err := a.loadPolicy(ctx, t, "one")
		return err
	}},
	{name: "/stella.v1.PolicyService/ActivatePolicy", record: "activation", keys: true, effect: versions, prepare: func(ctx context.Context, t testing.TB, a *appliance) {
		policyKey(ctx, t, a)
		a.load(ctx, t, "one")
	}, do: func(ctx context.Context, _ testing.TB, a *appliance) error { return a.activate(ctx) }},
	{name: "/stella.v1.PolicyService/RollbackPolicy", record: "activation", keys: true, effect: rolledBack, prepare: func(ctx context.Context, t testing.TB, a *appliance) {
		policyKey(ctx, t, a)
		for _, revision := range []string{"one", "two"} {
			a.load(ctx, t, revision)
			must(t, a.activate(ctx))
		}
	}, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.policies().RollbackPolicy(ctx, &stellav1.RollbackPolicyRequest{})
		return err
	}},
	{name: "/stella.v1.PolicyService/SignDecision", record: "decision", keys: true, effect: signed, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.policies().SignDecision(ctx, &stellav1.SignDecisionRequest{Artifact: app, Environment: "production", Key: "attestation-1"})
		return err
	}},
	{name: "/stella.v1.VEXService/AddVEX", record: "evidence", keys: true, effect: held, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := stellav1.NewVEXServiceClient(a.conn).AddVEX(ctx, &stellav1.AddVEXRequest{
			Vulnerability: "CVE-2024-12345", Status: "fixed", Artifact: app, Sign: true, Key: "attestation-1",
		})
		return err
	}},
	{name: "/stella.v1.VEXService/WithdrawVEX", record: "evidence", keys: true, effect: signed, prepare: func(ctx context.Context, t testing.TB, a *appliance) {
		must(t, a.addEvidence(ctx, string(a.foreignVEX)))
	}, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := stellav1.NewVEXServiceClient(a.conn).WithdrawVEX(ctx, &stellav1.WithdrawVEXRequest{
			Id: sealed.Sum(a.foreignVEX), Reason: "a test", Key: "attestation-1",
		})
		return err
	}},
}

func (a *appliance) policies() stellav1.PolicyServiceClient {
	return stellav1.NewPolicyServiceClient(a.conn)
}

// policyKey makes the key that signs policies.
func policyKey(ctx context.Context, t testing.TB, a *appliance) {
	t.Helper()
	_, err := a.keys.GenerateKey(ctx, &stellav1.GenerateKeyRequest{Label: "policy-1", Role: "policy"})
	must(t, err)
}

// loadPolicy has the built-in policy signed and taken in under another revision.
func (a *appliance) loadPolicy(ctx context.Context, t testing.TB, revision string) (sha256 string, err error) {
	files := bundle.Files(pack.Files())
	files[bundle.Manifest] = []byte(`{"revision": "` + revision + `", "roots": ["stella"]}`)
	text, err := bundle.Pack(files)
	must(t, err)
	stream, err := a.policies().LoadPolicy(ctx)
	if err != nil {
		return "", err
	}
	if err := stream.Send(&stellav1.LoadPolicyRequest{Content: text, Sign: true}); err != nil {
		return "", err
	}
	resp, err := stream.CloseAndRecv()
	return resp.GetBundle().GetSha256(), err
}

// load is loadPolicy of what the next activation is about.
func (a *appliance) load(ctx context.Context, t testing.TB, revision string) {
	t.Helper()
	var err error
	a.loaded, err = a.loadPolicy(ctx, t, revision)
	must(t, err)
}

func (a *appliance) activate(ctx context.Context) error {
	_, err := a.policies().ActivatePolicy(ctx, &stellav1.ActivatePolicyRequest{Sha256: a.loaded})
	return err
}

// shelf tells something of the policies that there are.
func (a *appliance) shelf(ctx context.Context, t testing.TB, what func(*stellav1.ListPoliciesResponse) any) string {
	t.Helper()
	all, err := a.policies().ListPolicies(ctx, &stellav1.ListPoliciesRequest{})
	if err != nil {
		return a.unless(t, err)
	}
	return fmt.Sprint(what(all))
}

// bundles is how many there are.
func bundles(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	return a.shelf(ctx, t, func(all *stellav1.ListPoliciesResponse) any { return len(all.GetBundles()) })
}

// versions is how many there were.
func versions(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	return a.shelf(ctx, t, func(all *stellav1.ListPoliciesResponse) any { return len(all.GetVersions()) })
}

// rolledBack is which version the last one went back to.
func rolledBack(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	return a.shelf(ctx, t, func(all *stellav1.ListPoliciesResponse) any {
		return all.GetVersions()[len(all.GetVersions())-1].GetTo()
	})
}

// foreignVEX is a statement on app by an appliance that is believed.
func foreignVEX(s *attesttest.Site) []byte {
	const text = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.test/vex","author":"a test","timestamp":"2026-01-01T00:00:00Z","version":1,
 "statements":[{"vulnerability":{"name":"CVE-2024-12345"},"products":[{"@id":"https://example.test/app","hashes":{"sha-256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}],"status":"fixed"}]}`
	return s.Bundle([]attest.Subject{attesttest.SubjectOf("app", []byte("test"))}, attestsign.Predicate{Type: "https://openvex.dev/ns/v0.2.0", JSON: []byte(text)})
}
