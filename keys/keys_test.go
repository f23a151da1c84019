package keys

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"stellad/attest/publish"
	"stellad/audit"
	"stellad/audit/logtest"
	"stellad/hsm"
)

// all makes a key for each role.
func all(t testing.TB, r *Registry) {
	t.Helper()
	for _, role := range audit.Roles {
		generate(t, r, audit.KeySpec{Label: role + "-1", Role: role})
	}
}

func generate(t testing.TB, r *Registry, k audit.KeySpec) Entry {
	t.Helper()
	e, err := r.Generate(t.Context(), audit.Record{}, k)
	must(t, err)
	return e
}

// TestRegistry: what is made is in the token and in the log, and signs.
func TestRegistry(t *testing.T) {
	r, _, token := open(t)
	all(t, r)
	list, err := r.List()
	must(t, err)
	for i, e := range list {
		if e.Role != audit.Roles[i] || e.State() != Active || e.Backend != "pkcs11" || e.Custody != "confined" || len(e.Chain) != map[string]int{Timestamp: 2}[e.Role] {
			t.Errorf("%+v", e)
		}
		found, err := token.Find(t.Context(), e.Reference())
		must(t, err)
		if a := found.Attributes(); !a.Sensitive || !a.NeverExtractable || !a.Sign || a.Decrypt || string(a.Algorithm) != e.Algorithm {
			t.Errorf("%+v", a)
		}
		if signed, err := r.says(t.Context(), e, []byte("statement")); err != nil || len(signed) == 0 {
			t.Errorf("%s does not sign: %v", e.Label, err)
		}
		for _, name := range []string{e.Label, e.SHA256()} {
			if again, err := r.Find(name); err != nil || again.SHA256() != e.SHA256() {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if len(list) != len(audit.Roles) {
		t.Errorf("%d keys", len(list))
	}
	a, err := r.Appliance()
	must(t, err)
	if files, err := a.Files(); err != nil || len(files) < 5 {
		t.Errorf("published are %d files, %v", len(files), err)
	}
}

// TestGenerateRefuses: what makes no sense leaves no record and no key.
func TestGenerateRefuses(t *testing.T) {
	r, l, token := open(t)
	all(t, r)
	_, err := token.Generate(t.Context(), hsm.Template{Label: "stranger", Algorithm: hsm.ECDSAP256})
	must(t, err)
	before, keysBefore := l.State().Size, len(inToken(t, token))
	for why, c := range map[string]struct {
		key  audit.KeySpec
		want error
	}{
		"no role":             {audit.KeySpec{Label: "a", Role: "root"}, ErrRole},
		"no label":            {audit.KeySpec{Role: Policy}, ErrLabel},
		"a path":              {audit.KeySpec{Label: "../a", Role: Policy}, ErrLabel},
		"a long label":        {audit.KeySpec{Label: strings.Repeat("a", 65), Role: Policy}, ErrLabel},
		"a label twice":       {audit.KeySpec{Label: "log-1", Role: Policy}, ErrLabel},
		"the token's label":   {audit.KeySpec{Label: "stranger", Role: Policy}, ErrLabel},
		"a second log key":    {audit.KeySpec{Label: "log-2", Role: Log}, ErrState},
		"P-384 attestations":  {audit.KeySpec{Label: "a", Role: Attestation, Algorithm: "ecdsa-p384"}, ErrRole},
		"Ed25519 attestation": {audit.KeySpec{Label: "a", Role: Attestation, Algorithm: "ed25519"}, ErrRole},
		"an RSA log":          {audit.KeySpec{Label: "a", Role: Policy, Algorithm: "rsa-4096"}, ErrRole},
		"nonsense":            {audit.KeySpec{Label: "a", Role: Policy, Algorithm: "rot13"}, ErrRole},
	} {
		if _, err := r.Generate(t.Context(), audit.Record{}, c.key); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", why, err, c.want)
		}
	}
	if l.State().Size != before || len(inToken(t, token)) != keysBefore {
		t.Errorf("%d records, %d keys more", l.State().Size-before, len(inToken(t, token))-keysBefore)
	}
}

func inToken(t *testing.T, token *hsm.Client) []hsm.Attributes {
	t.Helper()
	all, err := token.Keys(t.Context())
	must(t, err)
	return all
}

// TestNoRecordNoKey: where the intent can't be written, the token is not asked.
func TestNoRecordNoKey(t *testing.T) {
	r, l, token := open(t)
	l.Refuse = "intent"
	if _, err := r.Generate(t.Context(), audit.Record{}, audit.KeySpec{Label: "a", Role: Policy}); !errors.Is(err, logtest.ErrRefused) {
		t.Error(err)
	}
	if n := len(inToken(t, token)); n != 0 {
		t.Errorf("%d keys in the token", n)
	}
}

// TestSettle: a key that was made and not recorded is recorded; one that was not made is given up.
func TestSettle(t *testing.T) {
	r, l, _ := open(t)
	l.Refuse = "key"
	if _, err := r.Generate(t.Context(), audit.Record{}, audit.KeySpec{Label: "made", Role: Timestamp}); !errors.Is(err, logtest.ErrRefused) {
		t.Fatal(err)
	}
	l.Refuse = ""
	_, err := r.write(t.Context(), audit.Record{}, "intent", "not-made", audit.Intent{
		Act: "generate", Key: &audit.KeySpec{Label: "not-made", Role: Log, Algorithm: "ed25519", Custody: "confined"},
	})
	must(t, err)
	for range 2 {
		must(t, r.Settle(t.Context()))
	}
	if e, err := r.Find("made"); err != nil || e.State() != Active {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := r.Find("not-made"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if open, err := r.intents(); err != nil || len(open) != 0 {
		t.Errorf("%v, %v", open, err)
	}
	if size := l.State().Size; size != 5 { // genesis, two intents, a key, an abandoned one
		t.Errorf("%d records", size)
	}
}

// TestSettleTakesNoOther: a key of the label that is not what was asked for is nobody's.
func TestSettleTakesNoOther(t *testing.T) {
	r, _, token := open(t)
	_, err := r.write(t.Context(), audit.Record{}, "intent", "a", audit.Intent{
		Act: "generate", Key: &audit.KeySpec{Label: "a", Role: Policy, Algorithm: "ecdsa-p256", Custody: "confined"},
	})
	must(t, err)
	_, err = token.Generate(t.Context(), hsm.Template{Label: "a", Algorithm: hsm.ECDSAP256, Custody: hsm.Escrowable})
	must(t, err)
	if err := r.Settle(t.Context()); !errors.Is(err, ErrLabel) {
		t.Error(err)
	}
	if _, err := r.Find("a"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

// TestRotate: the new key is active, the old one retired, and each signed for the other.
func TestRotate(t *testing.T) {
	r, l, _ := open(t)
	all(t, r)
	for _, role := range []string{Attestation, Log, Timestamp, Policy} {
		from, to, err := r.Rotate(t.Context(), audit.Record{}, role, "", role+"-2")
		must(t, err)
		if from.State() != Retired || to.State() != Active || from.Successor != to.SHA256() || to.Label != role+"-2" || !from.Until.Equal(to.From) {
			t.Errorf("%s: %+v %+v", role, from, to)
		}
		rec, err := l.Journal.Read(l.State().Size - 1)
		must(t, err)
		body, err := rec.Decode()
		must(t, err)
		rotation, ok := body.(*audit.Rotation)
		if !ok {
			t.Fatalf("the last record is %s", rec.Type)
		}
		for _, by := range []struct {
			e    Entry
			says []byte
		}{{from, rotation.OldSays}, {to, rotation.NewSays}} {
			public, err := hsm.ParsePublic(by.e.Public)
			must(t, err)
			if !Signed(public, rotation.Statement(name, role), by.says) || Signed(public, rotation.Statement("b.example", role), by.says) {
				t.Errorf("%s: what %s says does not hold", role, by.e.Label)
			}
		}
	}
	a, err := r.Appliance()
	must(t, err)
	if len(a.Keys) != 2 || len(a.Logs) != 2 || len(a.Timestampers) != 2 {
		t.Errorf("published are %d keys, %d logs, %d timestampers", len(a.Keys), len(a.Logs), len(a.Timestampers))
	}
	_, err = a.Files()
	must(t, err)
}

// TestRotateRefuses: nothing changes but where a key can be followed.
func TestRotateRefuses(t *testing.T) {
	r, l, _ := open(t)
	all(t, r)
	generate(t, r, audit.KeySpec{Label: "attestation-2", Role: Attestation})
	_, _, err := r.Rotate(t.Context(), audit.Record{}, Policy, "", "policy-2")
	must(t, err)
	_, err = r.MarkCompromised(t.Context(), audit.Record{}, "policy-2", time.Now(), "")
	must(t, err)
	before := l.State().Size
	for why, c := range map[string]struct {
		role, old, label string
		want             error
	}{
		"which of two":     {Attestation, "", "attestation-3", ErrState},
		"another's role":   {Attestation, "log-1", "attestation-3", ErrRole},
		"no such key":      {Attestation, "attestation-9", "attestation-3", ErrUnknown},
		"a retired key":    {Policy, "policy-1", "policy-3", ErrState},
		"a distrusted one": {Policy, "policy-2", "policy-3", ErrState},
		"a role of none":   {Policy, "", "policy-3", ErrUnknown},
		"the audit key":    {Audit, "", "audit-2", ErrRole},
		"no label":         {Log, "", "", ErrLabel},
		"to itself":        {Log, "", "log-1", ErrLabel},
		"another's label":  {Log, "", "attestation-2", ErrLabel},
	} {
		if _, _, err := r.Rotate(t.Context(), audit.Record{}, c.role, c.old, c.label); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", why, err, c.want)
		}
	}
	if l.State().Size != before {
		t.Errorf("%d records more", l.State().Size-before)
	}
}

// TestRotateGoesOn: a rotation that made its key and went no further is finished with that key.
func TestRotateGoesOn(t *testing.T) {
	r, l, token := open(t)
	all(t, r)
	l.Refuse = "rotation"
	if _, _, err := r.Rotate(t.Context(), audit.Record{}, Log, "", "log-2"); !errors.Is(err, logtest.ErrRefused) {
		t.Fatal(err)
	}
	if e, err := r.Find("log-2"); err != nil || e.State() != Pending {
		t.Errorf("%+v %v", e, err)
	}
	if e, err := r.TheActive(Log); err != nil || e.Label != "log-1" {
		t.Errorf("%+v %v", e, err)
	}
	l.Refuse = ""
	_, to, err := r.Rotate(t.Context(), audit.Record{}, Log, "log-1", "log-2")
	if err != nil || to.State() != Active || len(inToken(t, token)) != len(audit.Roles)+1 {
		t.Errorf("%+v %v", to, err)
	}
}

// TestDestroy: a key that is in use no more leaves the token, and what judges its signatures stays.
func TestDestroy(t *testing.T) {
	r, l, token := open(t)
	all(t, r)
	_, _, err := r.Rotate(t.Context(), audit.Record{}, Attestation, "", "attestation-2")
	must(t, err)
	was, err := r.Appliance()
	must(t, err)
	e, err := r.Destroy(t.Context(), audit.Record{}, "attestation-1")
	if err != nil || e.State() != Destroyed || e.Until.IsZero() || l.State().Size == 0 {
		t.Fatalf("%+v %v", e, err)
	}
	if _, err := token.Find(t.Context(), e.Reference()); !errors.Is(err, hsm.ErrNoKey) || len(inToken(t, token)) != len(audit.Roles) {
		t.Errorf("the token has it still: %v", err)
	}
	if is, err := r.Appliance(); err != nil || len(is.Keys) != 2 || is.Keys[0].Span != was.Keys[0].Span {
		t.Errorf("published is %+v, %v", is.Keys, err)
	}
	compromised, err := r.MarkCompromised(t.Context(), audit.Record{}, "attestation-1", time.Now(), "")
	if err != nil || compromised.State() != Destroyed || compromised.Compromised.IsZero() {
		t.Errorf("%+v %v", compromised, err)
	}
	if _, err := r.Generate(t.Context(), audit.Record{}, audit.KeySpec{Label: "attestation-1", Role: Attestation}); !errors.Is(err, ErrLabel) {
		t.Errorf("its label is used again: %v", err)
	}
}

// TestDestroyRefuses: a key that signs, or is gone, or nobody's, is not destroyed; and nothing is without an intent.
func TestDestroyRefuses(t *testing.T) {
	r, l, token := open(t)
	all(t, r)
	_, _, err := r.Rotate(t.Context(), audit.Record{}, Policy, "", "policy-2")
	must(t, err)
	before, there := l.State().Size, len(inToken(t, token))
	for name, want := range map[string]error{"attestation-1": ErrState, "audit-1": ErrState, "policy-2": ErrState, "policy-9": ErrUnknown, "": ErrUnknown} {
		if _, err := r.Destroy(t.Context(), audit.Record{}, name); !errors.Is(err, want) {
			t.Errorf("%s: %v, not %v", name, err, want)
		}
	}
	l.Refuse = "intent"
	if _, err := r.Destroy(t.Context(), audit.Record{}, "policy-1"); !errors.Is(err, logtest.ErrRefused) {
		t.Error(err)
	}
	l.Refuse = ""
	if l.State().Size != before || len(inToken(t, token)) != there {
		t.Errorf("%d records more, %d keys less", l.State().Size-before, there-len(inToken(t, token)))
	}
	_, err = r.Destroy(t.Context(), audit.Record{}, "policy-1")
	must(t, err)
	if _, err := r.Destroy(t.Context(), audit.Record{}, "policy-1"); !errors.Is(err, ErrState) {
		t.Errorf("twice: %v", err)
	}
}

// TestSettleDestroy: a key that left the token unrecorded is recorded as destroyed; one that is there still was not.
func TestSettleDestroy(t *testing.T) {
	r, l, _ := open(t)
	all(t, r)
	for _, role := range []string{Policy, Log} {
		_, _, err := r.Rotate(t.Context(), audit.Record{}, role, "", role+"-2")
		must(t, err)
	}
	l.Refuse = "destroyed"
	if _, err := r.Destroy(t.Context(), audit.Record{}, "policy-1"); !errors.Is(err, logtest.ErrRefused) {
		t.Fatal(err)
	}
	l.Refuse = ""
	kept, err := r.Find("log-1")
	must(t, err)
	_, err = r.write(t.Context(), audit.Record{}, "intent", "log-1", audit.Intent{Act: "destroy", By: kept.SHA256()})
	must(t, err)
	for range 2 {
		must(t, r.Settle(t.Context()))
	}
	for label, want := range map[string]State{"policy-1": Destroyed, "log-1": Retired} {
		if e, err := r.Find(label); err != nil || e.State() != want {
			t.Errorf("%s is %s, %v", label, e.State(), err)
		}
	}
	if open, err := r.intents(); err != nil || len(open) != 0 {
		t.Errorf("%v, %v", open, err)
	}
}

// TestMarkCompromised: since when it is only ever moves back; why can be erased.
func TestMarkCompromised(t *testing.T) {
	r, l, _ := open(t)
	all(t, r)
	now := time.Now().UTC().Truncate(time.Second)
	e, err := r.MarkCompromised(t.Context(), audit.Record{}, "attestation-1", now, "a laptop was lost")
	if err != nil || e.State() != Compromised || !e.Compromised.Equal(now) {
		t.Fatalf("%+v %v", e, err)
	}
	if a, err := l.Annotation(l.State().Size - 1); err != nil || a.Text["reason"] != "a laptop was lost" {
		t.Errorf("%+v %v", a, err)
	}
	for _, later := range []time.Time{now, now.Add(time.Hour)} {
		if _, err := r.MarkCompromised(t.Context(), audit.Record{}, "attestation-1", later, ""); !errors.Is(err, ErrState) {
			t.Error(err)
		}
	}
	if e, err = r.MarkCompromised(t.Context(), audit.Record{}, e.SHA256(), now.Add(-time.Hour), ""); err != nil || !e.Compromised.Equal(now.Add(-time.Hour)) {
		t.Errorf("%+v %v", e, err)
	}
	if _, err := r.MarkCompromised(t.Context(), audit.Record{}, "nobody", now, ""); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	a, err := r.Appliance()
	must(t, err)
	if len(a.Keys) != 1 || a.Keys[0].Span.Compromised.IsZero() {
		t.Errorf("%+v", a.Keys)
	}
}

// TestNoToken: acts end with the token's error; what is read goes on.
func TestNoToken(t *testing.T) {
	r, l, _ := open(t)
	all(t, r)
	gone, err := hsm.Dial("/nonexistent/hsm.sock")
	must(t, err)
	defer gone.Close()
	r.token = gone
	before := l.State().Size
	if _, err := r.Generate(t.Context(), audit.Record{}, audit.KeySpec{Label: "a", Role: Policy}); !errors.Is(err, hsm.ErrUnavailable) {
		t.Error(err)
	}
	if _, _, err := r.Rotate(t.Context(), audit.Record{}, Policy, "", "a"); !errors.Is(err, hsm.ErrUnavailable) {
		t.Error(err)
	}
	if list, err := r.List(); err != nil || len(list) != len(audit.Roles) || l.State().Size != before {
		t.Errorf("%d keys, %v", len(list), err)
	}
	must(t, r.Settle(context.Background()))
}

// TestPresent: an active key that the token lacks is missed, and none that was retired.
func TestPresent(t *testing.T) {
	r, _, token := open(t)
	all(t, r)
	must(t, r.Present(t.Context()))
	old, _, err := r.Rotate(t.Context(), audit.Record{}, Policy, "", "policy-2")
	must(t, err)
	must(t, token.Destroy(t.Context(), old.Reference()))
	must(t, r.Present(t.Context()))
	must(t, token.Destroy(t.Context(), hsm.Reference{Label: "policy-2"}))
	if err := r.Present(t.Context()); !errors.Is(err, hsm.ErrNoKey) || !errors.Is(err, hsm.ErrUnavailable) {
		t.Error(err)
	}
}

// TestSpan: a span of whole seconds contains the times.
func TestSpan(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 600, time.UTC)
	s := Entry{From: at, Until: at, Compromised: at}.Span()
	if s.From.After(at) || s.Until.Before(at) || s.Compromised.After(at) || s.From.Nanosecond()+s.Until.Nanosecond()+s.Compromised.Nanosecond() != 0 {
		t.Errorf("%+v", s)
	}
	if s := (Entry{}).Span(); !s.IsZero() {
		t.Errorf("%+v", s)
	}
}

// TestPublishNeedsKeys: an appliance without keys has nothing to publish.
func TestPublishNeedsKeys(t *testing.T) {
	r, _, _ := open(t)
	a, err := r.Appliance()
	must(t, err)
	if _, err := a.Files(); !errors.Is(err, publish.ErrPublish) {
		t.Error(err)
	}
}

// TestNoRecordNoChange: what is not recorded is not so.
func TestNoRecordNoChange(t *testing.T) {
	r, l, _ := open(t)
	all(t, r)
	l.Refuse = "compromised"
	if _, err := r.MarkCompromised(t.Context(), audit.Record{}, "log-1", time.Now(), ""); !errors.Is(err, logtest.ErrRefused) {
		t.Error(err)
	}
	l.Refuse = "intent"
	if _, _, err := r.Rotate(t.Context(), audit.Record{}, Log, "", "log-2"); !errors.Is(err, logtest.ErrRefused) {
		t.Error(err)
	}
	if e, err := r.TheActive(Log); err != nil || e.Label != "log-1" || e.State() != Active {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := r.Find("log-2"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}
