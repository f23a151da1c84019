package main

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

const softWarning = "adminctl: these keys are in a file: this is no HSM: tsa\n"

func TestKeyPrinted(t *testing.T) {
	keyAnswers(t)
	for _, c := range []struct {
		line, file, stderr string
	}{
		{"key list", "key-list.txt", softWarning},
		{"key list --active", "key-list-active.txt", softWarning},
		{"key list -o json", "key-list.json", softWarning},
		{"key show signing-2026", "key-show.txt", ""},
		{"key show tsa", "key-show-tsa.txt", softWarning},
		{"key show signing-2026 -o json", "key-show.json", ""},
		{"key show signing-2026 --pem", "key-show.pem", ""},
		{"key show log-2026", "key-show-pending.txt", ""},
		{"key show signing-lost", "key-show-compromised.txt", ""},
		{"key generate --label signing-2027 --role attestation", "key-generate.txt", ""},
		{"key generate --label signing-2027 --role attestation -o json", "key-generate.json", ""},
		{"key rotate --new-key-label signing-2027 --hsm-slot 0", "key-rotate.txt", ""},
		{"key rotate --new-key-label signing-2027 --hsm-slot 0 -o json", "key-rotate.json", ""},
		{"key rotate --new-key-label signing-2027 --hsm-slot 0 --wait", "key-rotate.txt", "adminctl: --wait: there was nothing to wait for: no quorum is asked\n"},
		{"key show signing-2025", "key-show-destroyed.txt", ""},
		{"key destroy signing-2025", "key-destroy.txt", ""},
		{"key destroy signing-2025 -o json", "key-destroy.json", ""},
		{"key mark-compromised signing-lost --since 2026-03-05", "key-mark-compromised.txt", ""},
		{"key mark-compromised signing-lost --since 2026-03-05 -o json", "key-mark-compromised.json", ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			stdout, stderr, exit := adminctl(t, c.line)
			if exit != 0 || stderr != c.stderr {
				t.Fatalf("exit %d: %s", exit, stderr)
			}
			golden(t, c.file, stdout)
		})
	}
}

// TestKeyShowNames finds a key by each of its names.
func TestKeyShowNames(t *testing.T) {
	a := keyAnswers(t)
	whole := a.keys[1].GetSha256()
	for _, name := range []string{"signing-2027", whole, whole[:6], whole[:12], "sha256:" + whole, strings.ToUpper(whole)} {
		stdout, stderr, exit := adminctl(t, "key show "+name)
		if exit != 0 || !strings.Contains(string(stdout), "signing-2027") {
			t.Errorf("%s: exit %d, %s%s", name, exit, stdout, stderr)
		}
	}
	for _, name := range []string{"signing", "SIGNING-2027", whole[:5], whole + "0", whole[1:], "sha512:" + whole, "000000", "x"} {
		stdout, stderr, exit := adminctl(t, "key show "+name)
		if exit != cli.StatusBadInput || len(stdout) > 0 || !strings.HasSuffix(stderr, `"key list" has those that there are`+"\n") {
			t.Errorf("%s: exit %d, %s%s", name, exit, stdout, stderr)
		}
	}
	a.keys[0].Label = "signing-2027"
	if _, stderr, exit := adminctl(t, "key show signing-2027"); exit != cli.StatusBadInput || !strings.Contains(stderr, "2 keys are called so; name one by its SHA-256: signing-2027 ") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}

func TestKeyAsks(t *testing.T) {
	a := keyAnswers(t)
	adminctl(t, "key generate --label k --role policy --algorithm ed25519 --escrowable")
	if g := a.generate; g.GetLabel() != "k" || g.GetRole() != "policy" || g.GetAlgorithm() != "ed25519" || !g.GetEscrowable() {
		t.Errorf("asked for %v", g)
	}
	adminctl(t, "key generate --label k --role policy")
	if g := a.generate; g.GetAlgorithm() != "" || g.GetEscrowable() {
		t.Errorf("asked for %v", g)
	}
	adminctl(t, "key rotate --new-key-label n --hsm-slot 007 --role log --key sha256:abcdef")
	if r := a.rotate; r.GetNewLabel() != "n" || r.GetSlot() != "7" || r.GetRole() != "log" || r.GetOld() != "abcdef" {
		t.Errorf("asked for %v", r)
	}
	adminctl(t, "key rotate --new-key-label n --hsm-slot token:stella")
	if r := a.rotate; r.GetSlot() != "token:stella" || r.GetRole() != "attestation" || r.GetOld() != "" {
		t.Errorf("asked for %v", r)
	}
	adminctl(t, "key mark-compromised k --since 2026-03-05T08:00:00.9Z --reason lost")
	if m := a.mark; m.GetKey() != "k" || m.GetReason() != "lost" || m.GetSince().AsTime().Format(time.RFC3339Nano) != "2026-03-05T08:00:00Z" {
		t.Errorf("asked for %v", m)
	}
	adminctl(t, "key destroy sha256:abcdef")
	if d := a.destroy; d.GetKey() != "abcdef" {
		t.Errorf("asked for %v", d)
	}
	adminctl(t, "key mark-compromised k --since 1h")
	if m := a.mark; time.Since(m.GetSince().AsTime()).Round(time.Minute) != time.Hour || m.GetSince().GetNanos() != 0 || m.GetReason() != "" {
		t.Errorf("asked for %v", m)
	}
}

// TestKeyRotateFailed lists the signatures that do not verify. The verdict is negative in either form.
func TestKeyRotateFailed(t *testing.T) {
	a := keyAnswers(t)
	a.failed = []string{"entry 3: the signature does not hold", hostile}
	for _, form := range []string{"table", "json"} {
		stdout, stderr, exit := adminctl(t, "key rotate --new-key-label signing-2027 --hsm-slot 0 -o "+form)
		if exit != cli.StatusRefused || stderr != "adminctl: NOT VERIFIED: 2 of 14 signatures by signing-2026; the rotation stands\n" {
			t.Errorf("exit %d: %s", exit, stderr)
		}
		golden(t, "key-rotate-failed."+map[string]string{"table": "txt", "json": "json"}[form], stdout)
	}
}

func TestParseSlot(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "18446744073709551615": "18446744073709551615", "007": "7", "token:stella": "token:stella", "token:a b:c": "token:a b:c",
		"token:" + strings.Repeat("l", 32): "token:" + strings.Repeat("l", 32), "serial:1f2e": "serial:1f2e",
	} {
		if got, err := parseSlot(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"-1": "not a slot", "1.5": "not a slot", "0x1": "not a slot", " 1": "not a slot", "18446744073709551616": "not a slot", "stella": "not a slot",
		"label:stella": "not a slot", "Token:stella": "not a slot", "token:": "the token's label follows token:", "serial:": "the token's serial number follows serial:",
		"token:" + strings.Repeat("l", 33):  "a token's label has at most 32 bytes, not 33",
		"serial:" + strings.Repeat("0", 17): "a token's serial number has at most 16 bytes, not 17",
	} {
		if got, err := parseSlot(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestKeyRefuses(t *testing.T) {
	for _, line := range []string{
		"key", "key list all", "key list -o yaml", "key show", "key show a b", "key show a --pem -o json", "key show a --pem -o table",
		"key generate", "key generate --label l", "key generate --role r", "key generate --label l --role r more", "key generate --label= --role r",
		"key rotate", "key rotate --new-key-label l", "key rotate --hsm-slot 0", "key rotate --new-key-label l --hsm-slot x",
		"key rotate --new-key-label l --hsm-slot token:", "key rotate l --new-key-label l --hsm-slot 0", "key rotate --new-key-label l --hsm-slot 0 --key=",
		"key mark-compromised", "key mark-compromised k", "key mark-compromised --since 1h", "key mark-compromised k --since yesterday",
		"key mark-compromised k --since=", "key mark-compromised k --since 1h --reason=", "key mark-compromised k l --since 1h",
		"key destroy", "key destroy k l", "key destroy k -o yaml",
	} {
		if stdout, stderr, exit := adminctl(t, line); exit != cli.StatusBadInput || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", line, exit, stdout, stderr)
		}
	}
}

// TestKeyErrors has the daemon fail each command, for each reason that concerns keys.
func TestKeyErrors(t *testing.T) {
	a := keyAnswers(t)
	for reason, want := range map[stellav1.ErrorReason]cli.Status{
		stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST: 2, stellav1.ErrorReason_ERROR_REASON_NO_KEY: 2, stellav1.ErrorReason_ERROR_REASON_KEY_EXISTS: 2,
		stellav1.ErrorReason_ERROR_REASON_KEY_STATE: 2, stellav1.ErrorReason_ERROR_REASON_HSM_LACKS: 2, stellav1.ErrorReason_ERROR_REASON_HSM_FORBIDS: 4,
		stellav1.ErrorReason_ERROR_REASON_DENIED: 4, stellav1.ErrorReason_ERROR_REASON_READ_ONLY: 1, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE: 7,
	} {
		a.err = api.Error(codes.FailedPrecondition, reason, "no, and why")
		for _, line := range []string{
			"key list", "key show k", "key generate --label l --role r", "key rotate --new-key-label l --hsm-slot 0 --wait", "key mark-compromised k --since 1h", "key destroy k",
		} {
			if stdout, stderr, exit := adminctl(t, line); exit != want || len(stdout) > 0 || stderr != "adminctl: no, and why\n" {
				t.Errorf("%v, %s: exit %d, stdout %s, stderr %s", reason, line, exit, stdout, stderr)
			}
		}
	}
}

// TestKeyImpostor has the daemon send a key under another's name.
func TestKeyImpostor(t *testing.T) {
	a := keyAnswers(t)
	for _, k := range a.keys {
		k.PublicKey = []byte("mine")
	}
	for _, line := range []string{
		"key list", "key show signing-2026 --pem", "key generate --label l --role r", "key rotate --new-key-label l --hsm-slot 0", "key mark-compromised k --since 1h", "key destroy k",
	} {
		if stdout, stderr, exit := adminctl(t, line); exit != cli.StatusFailed || len(stdout) > 0 || !strings.Contains(stderr, "not the one that its SHA-256 names") {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", line, exit, stdout, stderr)
		}
	}
}

// TestKeyHostile has a daemon steer the terminal and forge columns.
func TestKeyHostile(t *testing.T) {
	a := keyAnswers(t)
	for _, k := range a.keys {
		k.Label, k.Role, k.State, k.Algorithm, k.Custody, k.Backend, k.Id, k.Successor = hostile, hostile, hostile, hostile, hostile, hostile, hostile, hostile
	}
	for _, line := range []string{
		"key list", "key list -o json", "key show " + a.keys[0].GetSha256(), "key generate --label l --role r", "key rotate --new-key-label l --hsm-slot 0", "key mark-compromised k --since 1h", "key destroy k",
	} {
		stdout, stderr, exit := adminctl(t, line)
		if exit != 0 || strings.ContainsAny(string(stdout)+stderr, "\x1b\r\t") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", line, exit, stdout, stderr)
		}
	}
}
