package faults

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/digitorus/timestamp"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/trust"
)

const sign = "/stella.v1.SigningService/SignStatement"

// ofKeys are the mutations that use the token.
var ofKeys = []mutation{
	{name: "/stella.v1.KeyService/GenerateKey", record: "key", keys: true, effect: listed, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.keys.GenerateKey(ctx, &stellav1.GenerateKeyRequest{Label: "made", Role: "attestation"})
		return err
	}},
	{name: "/stella.v1.KeyService/RotateKey", record: "rotation", keys: true, effect: inUse, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.keys.RotateKey(ctx, &stellav1.RotateKeyRequest{NewLabel: "made"})
		return err
	}},
	{name: "/stella.v1.KeyService/MarkKeyCompromised", record: "compromised", keys: true, effect: inUse, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.keys.MarkKeyCompromised(ctx, &stellav1.MarkKeyCompromisedRequest{Key: "attestation-1", Since: timestamppb.Now(), Reason: "a test"})
		return err
	}},
	{name: "/stella.v1.KeyService/DestroyKey", record: "destroyed", keys: true, effect: gone, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		// A key that is in use is not destroyed. Where this fails, so does what follows.
		_, _ = a.keys.MarkKeyCompromised(ctx, &stellav1.MarkKeyCompromisedRequest{Key: "attestation-1", Since: timestamppb.Now()})
		_, err := a.keys.DestroyKey(ctx, &stellav1.DestroyKeyRequest{Key: "attestation-1"})
		return err
	}},
	{name: sign, record: "signed", keys: true, effect: signed, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.signing.SignStatement(ctx, statement("a mutation"))
		return err
	}},
	{name: "/stella.v1.SigningService/Timestamp", record: "stamp", keys: true, effect: nothing, do: func(ctx context.Context, t testing.TB, a *appliance) error {
		sum := sha256.Sum256([]byte("a mutation"))
		request, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:]}).Marshal()
		must(t, err)
		resp, err := a.signing.Timestamp(ctx, &stellav1.TimestampRequest{Request: request})
		if err == nil {
			_, err = timestamp.ParseResponse(resp.GetResponse()) // of a rejection: that it is one
		}
		return err
	}},
}

// statement asks for an endorsement.
func statement(about string) *stellav1.SignStatementRequest {
	sum := sha256.Sum256([]byte(about))
	return &stellav1.SignStatementRequest{
		Key:      "attestation-1",
		Subjects: []*stellav1.SignStatementRequest_Subject{{Name: about, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}},
	}
}

// listed are all keys that the log says the token has, gone those that it has no more.
func listed(ctx context.Context, t testing.TB, a *appliance) string {
	return a.labelled(ctx, t, func(state string) bool { return state != "destroyed" })
}

func gone(ctx context.Context, t testing.TB, a *appliance) string {
	return a.labelled(ctx, t, func(state string) bool { return state == "destroyed" })
}

func (a *appliance) labelled(ctx context.Context, t testing.TB, wanted func(state string) bool) string {
	t.Helper()
	all, err := a.keys.ListKeys(ctx, &stellav1.ListKeysRequest{})
	if err != nil {
		return a.unless(t, err)
	}
	var labels []string
	for _, k := range all.GetKeys() {
		if wanted(k.GetState()) {
			labels = append(labels, k.GetLabel())
		}
	}
	slices.Sort(labels)
	return strings.Join(labels, " ")
}

// inUse are the keys that sign or signed, and how each stands. A pending one is none: a rotation that ended before its
// own record has made a key and changed nothing, and the same call takes that key up.
func inUse(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	all, err := a.keys.ListKeys(ctx, &stellav1.ListKeysRequest{})
	if err != nil {
		return a.unless(t, err)
	}
	var labels []string
	for _, k := range all.GetKeys() {
		if k.GetState() != "pending" {
			labels = append(labels, k.GetLabel()+" "+k.GetState())
		}
	}
	slices.Sort(labels)
	return strings.Join(labels, ", ")
}

// signed is how many entries the signature log has.
func signed(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	rows, err := a.records(ctx)
	if err != nil {
		return "0" // it can't be read now; before, it had none
	}
	return fmt.Sprint(count(t, rows, "signed"))
}

func count(t testing.TB, rows []row, kind string) (n int) {
	t.Helper()
	for _, r := range rows {
		if r.what(t).Type == kind {
			n++
		}
	}
	return n
}

// begun tells of an act that failed, and of which there may be an effect all the same: its intent is durable, so the log
// says that it was begun. The token may have acted where the record of that failed, and the record may be there where
// the answer failed. The next start says what came of it, and the same request gets the same answer.
func (m mutation) begun(t testing.TB, a *appliance) bool {
	t.Helper()
	if !m.keys {
		return false
	}
	rows, err := a.records(within(t))
	return err == nil && len(rows) > 0 && count(t, rows[min(a.noted, uint64(len(rows))):], "intent") > 0
}

// wholeKeys holds an appliance that started after a fault to what it must be then: each intent has its end, the token has
// the keys that are listed and no others, and what is published is all of it. A request that was made is answered by one
// signature.
func (m mutation) wholeKeys(t *testing.T, a *appliance) {
	t.Helper()
	if m.name == sign {
		resp, err := a.signing.SignStatement(within(t), statement("a mutation"))
		must(t, err)
		a.verifies(t, resp.GetBundle())
	}
	rows, err := a.records(within(t))
	must(t, err)
	settled(t, rows)
	if n := count(t, rows, "signed"); m.name == sign && n != 1 {
		t.Errorf("one request has %d signatures", n)
	}
	if there, said := strings.Join(a.token.labels(t), " "), listed(within(t), t, a); there != said {
		t.Errorf("the token has the keys %s, and listed are %s", there, said)
	}
	a.publishes(t)
}

// publishes wants the published folder to be whole, and that of the keys as they are.
func (a *appliance) publishes(t *testing.T) {
	t.Helper()
	dir := filepath.Join(a.state, "trust")
	if _, err := trust.Load(dir); err != nil {
		t.Error(err)
	}
	resp, err := a.exported(t)
	must(t, err)
	for _, f := range resp.GetFiles() {
		if text, err := os.ReadFile(filepath.Join(dir, f.GetName())); err != nil || string(text) != string(f.GetContent()) {
			t.Errorf("published is another %s: %v", f.GetName(), err)
		}
	}
	if there := len(files(t, dir)); there != len(resp.GetFiles()) {
		t.Errorf("%d files are published, not %d", there, len(resp.GetFiles()))
	}
}

// verifies wants a bundle to be believed by who has nothing but what is published.
func (a *appliance) verifies(t testing.TB, bundle []byte) (index int64) {
	t.Helper()
	root, err := trust.Load(filepath.Join(a.state, "trust"))
	must(t, err)
	docs, err := attest.Parse(bundle)
	must(t, err)
	v := attest.NewVerifier(root).Verify(docs[0], attest.Expect{})
	if !v.Verified {
		t.Errorf("%s", v.Reason)
		return 0
	}
	return v.Established.Logs[0].Index
}

// exported asks for the published trust where clients do.
func (a *appliance) exported(t testing.TB) (*stellav1.ExportTrustResponse, error) {
	t.Helper()
	conn := a.dial(t, "verify")
	return stellav1.NewSigningServiceClient(conn).ExportTrust(within(t), &stellav1.ExportTrustRequest{})
}
