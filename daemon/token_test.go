package daemon_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/trust"
	"stellad/daemon"
	"stellad/daemon/config"
	"stellad/daemon/ledger"
	"stellad/hsm/hsmtest"
)

// withToken is the configuration of a trial whose keys are in a token, which answers at c.HSM.
func withToken(t testing.TB) config.Config {
	t.Helper()
	c := folder(t)
	dir, err := os.MkdirTemp("", "hsm") // a socket's name is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c.HSM = filepath.Join(dir, "hsm.sock")
	return c
}

// await waits until a part of the status is ok, or not, and gives what it says.
func (d *trial) await(t testing.TB, name string, ok bool) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, err := stellav1.NewStatusServiceClient(d.admin).Status(t.Context(), &stellav1.StatusRequest{})
		must(t, err)
		state := "no such part"
		for _, p := range status.GetParts() {
			if p.GetName() == name {
				state = p.GetState()
				if p.GetOk() == ok {
					return state
				}
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %s", name, state)
		}
	}
}

// signing wants the health service to say of signing what is so.
func (d *trial) signing(t testing.TB, want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	resp, err := healthpb.NewHealthClient(d.verify).Check(t.Context(), &healthpb.HealthCheckRequest{Service: "stella.v1.SigningService"})
	must(t, err)
	if resp.GetStatus() != want {
		t.Errorf("health says %v, not %v", resp.GetStatus(), want)
	}
}

func (d *trial) keys(t testing.TB) (all map[string]*stellav1.ApplianceKey) {
	t.Helper()
	resp, err := stellav1.NewKeyServiceClient(d.admin).ListKeys(t.Context(), &stellav1.ListKeysRequest{})
	must(t, err)
	all = map[string]*stellav1.ApplianceKey{}
	for _, k := range resp.GetKeys() {
		all[k.GetLabel()] = k
	}
	return all
}

func (d *trial) sign(t testing.TB, key, about string) (*stellav1.SignStatementResponse, error) {
	t.Helper()
	sum := sha256.Sum256([]byte(about))
	return stellav1.NewSigningServiceClient(d.admin).SignStatement(t.Context(), &stellav1.SignStatementRequest{
		Key: key, Subjects: []*stellav1.SignStatementRequest_Subject{{Name: about, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}},
	})
}

// published verifies a bundle by the trust root in the state folder alone.
func published(t testing.TB, c config.Config, bundle []byte) *attest.Verdict {
	t.Helper()
	root, err := trust.Load(filepath.Join(c.State, "trust"))
	must(t, err)
	docs, err := attest.Parse(bundle)
	must(t, err)
	return attest.NewVerifier(root).Verify(docs[0], attest.Expect{})
}

// TestToken: genesis makes the keys in the token, and what they sign verifies by what is published, before a rotation
// and after; a key that is compromised takes its signatures along.
func TestToken(t *testing.T) {
	c := withToken(t)
	must(t, os.RemoveAll(c.Trust)) // so that it believes what it publishes
	must(t, os.Mkdir(c.Trust, 0o700))
	hsmtest.New(t).Serve(t, c.HSM)
	d := run(t, c)
	d.await(t, "keys", true)
	for label, k := range d.keys(t) {
		if k.GetState() != "active" || k.GetBackend() != "pkcs11" || k.GetCustody() != "confined" || k.GetLabel() != k.GetRole()+"-1" {
			t.Errorf("%s: %v", label, k)
		}
	}
	before, err := d.sign(t, "attestation-1", "before")
	must(t, err)
	rotated, err := stellav1.NewKeyServiceClient(d.admin).RotateKey(t.Context(), &stellav1.RotateKeyRequest{NewLabel: "signing-key-2027", Slot: "0"})
	must(t, err)
	if rotated.GetVerified() != 1 || len(rotated.GetFailed()) > 0 || rotated.GetOld().GetState() != "retired" {
		t.Errorf("%v", rotated)
	}
	after, err := d.sign(t, "signing-key-2027", "after")
	must(t, err)
	for i, b := range [][]byte{before.GetBundle(), after.GetBundle()} {
		if v := published(t, c, b); !v.Verified {
			t.Errorf("%d: %s", i, v.Reason)
		}
		v, err := stellav1.NewVerifyServiceClient(d.verify).Verify(t.Context(), &stellav1.VerifyRequest{Document: b})
		must(t, err)
		if !v.GetVerified() {
			t.Errorf("%d: the appliance does not believe itself: %s", i, v.GetReason())
		}
	}
	_, err = stellav1.NewKeyServiceClient(d.admin).MarkKeyCompromised(t.Context(), &stellav1.MarkKeyCompromisedRequest{
		Key: "attestation-1", Since: timestamppb.New(time.Now().Add(-time.Hour)), Reason: "a test",
	})
	must(t, err)
	for i, b := range [][]byte{before.GetBundle(), after.GetBundle()} {
		if v := published(t, c, b); v.Verified != (i == 1) {
			t.Errorf("%d: %t %s", i, v.Verified, v.Reason)
		}
	}
	d.stop()
	if found := faults(t, c); found != nil {
		t.Errorf("found %v", found)
	}
}

// TestTimestamp: openssl takes the appliance's tokens, by what it publishes.
func TestTimestamp(t *testing.T) {
	c := withToken(t)
	hsmtest.New(t).Serve(t, c.HSM)
	d := run(t, c)
	d.await(t, "keys", true)
	dir := t.TempDir()
	openssl := func(args ...string) {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "data"), []byte("data"), 0o600))
	openssl("ts", "-query", "-data", "data", "-sha512", "-cert", "-out", "q")
	query, err := os.ReadFile(filepath.Join(dir, "q"))
	must(t, err)
	client := stellav1.NewSigningServiceClient(d.admin)
	resp, err := client.Timestamp(t.Context(), &stellav1.TimestampRequest{Request: query})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "r"), resp.GetResponse(), 0o600))
	chain := d.keys(t)["timestamp-1"].GetChain()
	for i, name := range []string{"leaf", "root"} {
		must(t, os.WriteFile(filepath.Join(dir, name+".der"), chain[i], 0o600))
		openssl("x509", "-inform", "DER", "-in", name+".der", "-out", name+".pem")
	}
	openssl("ts", "-verify", "-data", "data", "-in", "r", "-CAfile", "root.pem", "-untrusted", "leaf.pem")
	if resp, err := client.Timestamp(t.Context(), &stellav1.TimestampRequest{Request: []byte("nonsense")}); err != nil || len(resp.GetResponse()) == 0 {
		t.Errorf("a rejection has an answer: %v", err)
	}
}

// TestTokenComesLate: without its token the daemon is up, verifies, and says what it waits for; genesis follows once the
// token is there, and so does a restart.
func TestTokenComesLate(t *testing.T) {
	c, token := withToken(t), hsmtest.New(t)
	d := run(t, c)
	d.verifies(t)
	d.signing(t, healthpb.HealthCheckResponse_NOT_SERVING)
	if said := d.await(t, "keys", false); !strings.Contains(said, "wait") {
		t.Error(said)
	}
	if got := d.reasonOf(t, api.Method{Name: "/stella.v1.KeyService/ListKeys"}); got != stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED {
		t.Error(got)
	}
	stop := token.Serve(t, c.HSM)
	d.await(t, "keys", true)
	d.signing(t, healthpb.HealthCheckResponse_SERVING)
	d.stop()
	stop()

	d = run(t, c)
	d.verifies(t)
	d.await(t, "keys", false)
	if len(d.keys(t)) != 4 {
		t.Error("the keys are not listed")
	}
	began := time.Now()
	if _, err := d.sign(t, "attestation-1", "a"); api.Reason(err) != stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	token.Serve(t, c.HSM)
	d.await(t, "keys", true)
	if resp, err := d.sign(t, "attestation-1", "a"); err != nil || !published(t, c, resp.GetBundle()).Verified {
		t.Errorf("%v", err)
	}
}

// TestOlderState: a state folder of before the checkpoint that the token keeps is refused, and so is a new log of the
// same name.
func TestOlderState(t *testing.T) {
	c := withToken(t)
	hsmtest.New(t).Serve(t, c.HSM)
	d := run(t, c)
	d.await(t, "keys", true)
	d.stop()
	old := copied(t, c)
	old.HSM = c.HSM
	must(t, os.MkdirAll(old.Run, 0o700))
	d = run(t, c)
	d.await(t, "keys", true)
	_, err := d.sign(t, "attestation-1", "a")
	must(t, err)
	d.stop()

	refused, err := daemon.New(old, slog.New(slog.DiscardHandler))
	must(t, err)
	if err := refused.Run(t.Context(), nil); !errors.Is(err, ledger.ErrOlder) {
		t.Errorf("an older folder: %v", err)
	}
	empty := folder(t)
	empty.HSM = c.HSM
	if _, err := daemon.New(empty, slog.New(slog.DiscardHandler)); !errors.Is(err, daemon.ErrGenesis) {
		t.Errorf("an empty folder: %v", err)
	}
	c.HSM = ""
	if _, err := daemon.New(c, slog.New(slog.DiscardHandler)); !errors.Is(err, daemon.ErrGenesis) {
		t.Errorf("without its token: %v", err)
	}
}

// TestKeysRefuse: what the key service refuses says why, and how the client is to take it.
func TestKeysRefuse(t *testing.T) {
	c := withToken(t)
	hsmtest.New(t).Serve(t, c.HSM)
	d := run(t, c)
	d.await(t, "keys", true)
	ks := stellav1.NewKeyServiceClient(d.admin)
	for why, call := range map[string]struct {
		do   func() error
		want stellav1.ErrorReason
	}{
		"no such slot": {func() error {
			_, err := ks.RotateKey(t.Context(), &stellav1.RotateKeyRequest{NewLabel: "x", Slot: "token:other"})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
		"no slot": {func() error {
			_, err := ks.RotateKey(t.Context(), &stellav1.RotateKeyRequest{NewLabel: "x", Slot: "first"})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
		"the audit key": {func() error {
			_, err := ks.RotateKey(t.Context(), &stellav1.RotateKeyRequest{NewLabel: "x", Role: "audit"})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_KEY_STATE},
		"a label again": {func() error {
			_, err := ks.RotateKey(t.Context(), &stellav1.RotateKeyRequest{NewLabel: "log-1"})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_KEY_EXISTS},
		"no role": {func() error {
			_, err := ks.GenerateKey(t.Context(), &stellav1.GenerateKeyRequest{Label: "x", Role: "king"})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_KEY_STATE},
		"a second log key": {func() error {
			_, err := ks.GenerateKey(t.Context(), &stellav1.GenerateKeyRequest{Label: "x", Role: "log"})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_KEY_STATE},
		"compromised when": {func() error {
			_, err := ks.MarkKeyCompromised(t.Context(), &stellav1.MarkKeyCompromisedRequest{Key: "log-1"})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
		"compromised which": {func() error {
			_, err := ks.MarkKeyCompromised(t.Context(), &stellav1.MarkKeyCompromisedRequest{Key: "x", Since: timestamppb.Now()})
			return err
		}, stellav1.ErrorReason_ERROR_REASON_NO_KEY},
		"signed by the log": {func() error { _, err := d.sign(t, "log-1", "a"); return err }, stellav1.ErrorReason_ERROR_REASON_KEY_STATE},
		"signed by nobody":  {func() error { _, err := d.sign(t, "", "a"); return err }, stellav1.ErrorReason_ERROR_REASON_NO_KEY},
	} {
		if err := call.do(); api.Reason(err) != call.want {
			t.Errorf("%s: %v", why, err)
		}
	}
}
