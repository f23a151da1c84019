package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/status"

	"stellad/access"
	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/daemon"
)

// early are the methods that work before genesis: what says how things stand, and verification. It is written by hand.
const early = `
	/grpc.health.v1.Health/Check /grpc.health.v1.Health/List /grpc.health.v1.Health/Watch
	/grpc.reflection.v1.ServerReflection/ServerReflectionInfo
	/stella.v1.AccessService/WhoAmI /stella.v1.AccessService/CanI
	/stella.v1.StatusService/Status /stella.v1.StatusService/Doctor
	/stella.v1.VerifyService/Verify /stella.v1.VerifyService/VerifyStream`

// TestBeforeGenesis calls every method of an appliance that has no name yet, as its administrator: what is not early is
// told to wait. With genesis and a reload all are there, and the appliance has its name.
func TestBeforeGenesis(t *testing.T) {
	c := installed(t)
	lay(t, c.Access, "version = 1\n"+rules("administrator"))
	d := run(t, c)
	for _, m := range methods(t) {
		isEarly := strings.Contains(early+"\n", m.Name+" ") || strings.Contains(early+"\n", m.Name+"\n")
		if got := d.reasonOf(t, m); (got == stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED) == isEarly {
			t.Errorf("%s: %v, and early is %t", m.Name, got, isEarly)
		}
	}
	d.verifies(t)
	if name, part := d.genesis(t); name != "" || part.GetOk() {
		t.Errorf("before genesis: %q, %v", name, part)
	}

	_, err := daemon.Init(c, "stella.example", nil)
	must(t, err)
	if got := d.reasonOf(t, api.Method{Name: "/stella.v1.StatusService/Metrics"}); got != stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED {
		t.Errorf("before the reload: %v", got)
	}
	d.signal()
	for _, m := range methods(t) {
		if got := d.reasonOf(t, m); got == stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED || got == stellav1.ErrorReason_ERROR_REASON_DENIED {
			t.Errorf("%s, initialised: %v", m.Name, got)
		}
	}
	if name, part := d.genesis(t); name != "stella.example" || !part.GetOk() {
		t.Errorf("after genesis: %q, %v", name, part)
	}
}

// TestBuiltin: without a policy file, an installation has the policy that is built in, and genesis's own once a reload
// finds it. Root is its administrator, and others who run this test are nobody.
func TestBuiltin(t *testing.T) {
	d := run(t, installed(t))
	want := stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED // asked before the policy
	verify := api.Method{Name: "/stella.v1.VerifyService/Verify"}
	metrics := api.Method{Name: "/stella.v1.StatusService/Metrics"}
	permitted := stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST // of an empty request
	if os.Geteuid() != 0 {
		permitted = stellav1.ErrorReason_ERROR_REASON_DENIED
	}
	if got := d.reasonOf(t, metrics); got != want {
		t.Errorf("metrics: %v", got)
	}
	if got := d.reasonOf(t, verify); got != permitted {
		t.Errorf("verify: %v", got)
	}
	_, err := daemon.Init(d.config, "stella.example", []string{uid()})
	must(t, err)
	d.signal()
	for m, want := range map[string]stellav1.ErrorReason{metrics.Name: 0, verify.Name: stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST} {
		if got := d.reasonOf(t, api.Method{Name: m}); got != want {
			t.Errorf("%s, initialised: %v", m, got)
		}
	}
}

// TestPolicyGone: an appliance that had a policy, or was to have one, does not start on the one that is built in.
func TestPolicyGone(t *testing.T) {
	c := installed(t)
	_, err := daemon.Init(c, "stella.example", []string{uid()})
	must(t, err)
	must(t, os.Rename(c.Access, c.Access+".away"))
	wontStart(t, c, "access.toml", access.ErrPolicy)
	must(t, os.Rename(c.Access+".away", c.Access))
	lay(t, filepath.Join(c.State, "genesis.json"), "{")
	wontStart(t, c, "genesis.json", daemon.ErrGenesis)
}

func methods(t testing.TB) []api.Method {
	t.Helper()
	all, err := api.Methods()
	must(t, err)
	return all
}

// reasonOf calls a method on admin.sock, which has them all, with an empty message.
func (d *trial) reasonOf(t *testing.T, m api.Method) stellav1.ErrorReason {
	t.Helper()
	err := callEmpty(t, d.admin, m)
	if api.Reason(err) == stellav1.ErrorReason_ERROR_REASON_INTERNAL {
		t.Errorf("%s: %v", m.Name, status.Convert(err).Message())
	}
	return api.Reason(err)
}

// genesis is the appliance's name and how genesis stands.
func (d *trial) genesis(t *testing.T) (name string, part *stellav1.Part) {
	t.Helper()
	resp, err := stellav1.NewStatusServiceClient(d.admin).Status(t.Context(), &stellav1.StatusRequest{})
	must(t, err)
	for _, p := range resp.GetParts() {
		if p.GetName() == "genesis" {
			return resp.GetName(), p
		}
	}
	t.Fatal("no part genesis")
	return "", nil
}
