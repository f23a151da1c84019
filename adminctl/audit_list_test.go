package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/internal/cli"
)

func TestAuditListPrinted(t *testing.T) {
	a := &auditAnswers{log: sampleLog(t)}
	a.serve(t)
	for _, c := range []struct{ line, file string }{
		{"audit list", "audit-list.txt"},
		{"audit list -o json", "audit-list.json"},
		{"audit erase 17 3 17 --yes", "audit-erase.txt"},
		{"audit erase 3 --yes -o json", "audit-erase.json"},
		{"time accept", "time-accept.txt"},
		{"time accept -o json", "time-accept.json"},
	} {
		t.Run(c.line, func(t *testing.T) {
			stdout, stderr, exit := adminctl(t, c.line)
			if exit != 0 || stderr != "" {
				t.Fatalf("exit %d: %s", exit, stderr)
			}
			golden(t, c.file, stdout)
		})
	}
}

// TestAuditListIsExact finds each record's bytes, which are the log's, in the JSON.
func TestAuditListIsExact(t *testing.T) {
	log := newTestLog(t, 1)
	log.add(t, audit.Record{Type: "call", Body: body(t, map[string]any{"x": "<&>\u2028\u202e\u00e9\"\\"})}, nil)
	(&auditAnswers{log: log}).serve(t)
	stdout, stderr, exit := adminctl(t, "audit list -o json")
	if exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(stdout, []byte("\n")), []byte("\n")) {
		want := fmt.Sprintf(`{"record":%s,"annotation":{}}`, log.lines[i])
		if string(line) != want || !json.Valid(line) {
			t.Errorf("line %d:\n%s\nwant:\n%s", i, line, want)
		}
	}
}

func TestAuditListAsks(t *testing.T) {
	a := &auditAnswers{log: newTestLog(t, 1)}
	a.serve(t)
	_, stderr, exit := adminctl(t, "audit list --since 2026-03-01 --until 2026-03-02T01:00:00+01:00 --actor uid:1000 --type denial --method Reload --target x --outcome denied")
	if exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	r := a.asked
	got := fmt.Sprintln(r.GetSince().AsTime(), r.GetUntil().AsTime(), r.GetUid(), r.GetType(), r.GetMethod(), r.GetTarget(), r.GetOutcome(), r.GetFollow())
	want := "2026-03-01 00:00:00 +0000 UTC 2026-03-02 00:00:00 +0000 UTC 1000 denial Reload x denied false\n"
	if got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if adminctl(t, "audit list"); a.asked.Uid != nil || a.asked.Since != nil || a.asked.Until != nil {
		t.Errorf("asked for %v where nothing was said", a.asked)
	}
	if adminctl(t, "audit list --actor root"); a.asked.Uid == nil || a.asked.GetUid() != 0 {
		t.Errorf("asked for %v, not for root", a.asked)
	}
}

func TestMoments(t *testing.T) {
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-03-01T08:00:00Z": "2026-03-01T08:00:00Z", "2026-03-01T08:00:00+02:00": "2026-03-01T06:00:00Z",
		"2026-03-01": "2026-03-01T00:00:00Z", "7d": "2026-03-01T12:00:00Z", "2h": "2026-03-08T10:00:00Z", "1h30m": "2026-03-08T10:30:00Z",
	} {
		if at, err := moment("--since", text, now); err != nil || at.AsTime().Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", text, at.AsTime(), err)
		}
	}
	for _, text := range []string{"yesterday", "-2h", "-7d", "2026-02-30", "2026-03-01 08:00:00", "7 d", "99999999d", "1.5d", "d"} {
		if at, err := moment("--since", text, now); err == nil || cli.StatusOf(err) != cli.StatusBadInput {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
}

func TestAuditListRefuses(t *testing.T) {
	for _, line := range []string{
		"audit list --since nonsense", "audit list --since 1h --until 2h", "audit list --actor uid:x", "audit list --actor uid:4294967296",
		"audit list --actor no-such-user-here", "audit list --follow --until 2026-03-01", "audit list -o yaml", "audit list now",
		"audit erase", "audit erase 5", "audit erase x --yes", "audit erase -1 --yes", "audit", "time", "time accept now",
	} {
		if stdout, stderr, exit := adminctl(t, line); exit != cli.StatusBadInput || len(stdout) > 0 || stderr == "" {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", line, exit, stdout, stderr)
		}
	}
	if _, stderr, _ := adminctl(t, "audit erase 5 6"); !strings.Contains(stderr, "2 annotations would be erased for good") {
		t.Error(stderr)
	}
}

func TestAuditEraseAsks(t *testing.T) {
	a := &auditAnswers{log: newTestLog(t, 1)}
	a.serve(t)
	if adminctl(t, "audit erase 17 3 17 5 --yes"); !slices.Equal(a.erased, []uint64{3, 5, 17}) {
		t.Errorf("asked to erase %d", a.erased)
	}
}

// TestAuditListFails keeps what came before a failure, and shows that there was one.
func TestAuditListFails(t *testing.T) {
	a := &auditAnswers{log: sampleLog(t), err: api.Error(codes.PermissionDenied, stellav1.ErrorReason_ERROR_REASON_DENIED, "no more")}
	a.serve(t)
	for _, form := range []string{"table", "json"} {
		stdout, stderr, exit := adminctl(t, "audit list -o "+form)
		if exit != cli.StatusForbidden || stderr != "adminctl: no more\n" || !bytes.Contains(stdout, []byte("later.thing")) {
			t.Errorf("exit %d, stdout %s, stderr %s", exit, stdout, stderr)
		}
	}
	a.log.lines = [][]byte{[]byte("nonsense\x1b[2J")}
	for _, form := range []string{"table", "json"} {
		if stdout, stderr, exit := adminctl(t, "audit list -o "+form); exit != cli.StatusFailed || len(stdout) > 0 || strings.Contains(stderr, "\x1b") {
			t.Errorf("exit %d, stdout %s, stderr %s", exit, stdout, stderr)
		}
	}
	a.err = nil
	a.log.lines = nil
	if stdout, _, exit := adminctl(t, "audit list --follow"); exit != cli.StatusUnreachable || len(stdout) > 0 {
		t.Errorf("a daemon that follows no longer: exit %d, stdout %s", exit, stdout)
	}
}

// TestAuditListFollow interrupts a list that waits.
func TestAuditListFollow(t *testing.T) {
	a := &auditAnswers{log: sampleLog(t), listed: make(chan struct{})}
	a.serve(t)
	go func() {
		<-a.listed
		time.Sleep(50 * time.Millisecond) // for the lines that are under way
		interruptSelf()
	}()
	stdout, stderr, exit := adminctl(t, "audit list --follow -o json")
	if exit != cli.StatusInterrupted || stderr != "adminctl: interrupted\n" || bytes.Count(stdout, []byte("\n")) != len(a.log.lines) {
		t.Errorf("exit %d, stdout %s, stderr %s", exit, stdout, stderr)
	}
}

// TestAuditListHostile has annotations steer, forge a line and forge columns.
func TestAuditListHostile(t *testing.T) {
	log := newTestLog(t, 1)
	log.deny(t, map[string]string{"reason": hostile, "user": hostile, "z": hostile})
	log.deny(t, map[string]string{"user": "root  call  Reload", "reason": "x"})
	(&auditAnswers{log: log}).serve(t)
	stdout, stderr, exit := adminctl(t, "audit list")
	if exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	golden(t, "audit-list-hostile.txt", stdout)
	for _, line := range []string{"audit list", "audit list -o json"} {
		stdout, _, _ := adminctl(t, line)
		if bytes.ContainsAny(stdout, "\x1b\r\t") || slices.Contains(strings.Split(string(stdout), "\n"), "d") {
			t.Errorf("%s: %q", line, stdout)
		}
	}
}
