package main

import (
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
	"stellad/policy/bundle"
)

func answerPolicies(t *testing.T) *policyAnswers {
	t.Helper()
	old := bundle.Files{"a.rego": []byte("package a\n\np := 1\n"), ".signatures.json": []byte("{}")}
	return (&policyAnswers{
		decision: sampleDecision(), input: sampleInput, same: true, policies: map[string][]byte{"now": packedPolicy(t, old)},
		tests: []*stellav1.TestPolicyResponse_Test{{Name: "data.a.test_one", Passed: true}},
	}).serve(t)
}

const blockedLine = "adminctl: " + answeredArtifact + " is blocked in production\n"

func TestPolicy(t *testing.T) {
	a := answerPolicies(t)
	inFolder(t, map[string]string{"p/a.rego": "package a\n\np := 2\n", "p/a_test.rego": "package a\n\ntest_one if p == 2\n", "p/README": "no part of it"})
	for _, c := range []struct {
		line, file, stderr string
		exit               cli.Status
	}{
		{"policy evaluate --artifact 9f86d081 --environment production", "policy-evaluate.txt", blockedLine, 3},
		{"policy evaluate --artifact 9f86d081 --environment production -o json", "policy-evaluate.json", blockedLine, 3},
		{"policy evaluate --artifact 9f86d081 --environment production --explain", "policy-explain.txt", blockedLine, 3},
		{"policy evaluate --artifact 9f86d081 --environment production --sign --out d.json", "policy-sign.txt", blockedLine, 3},
		{"policy replay " + answeredPolicy[:12], "policy-replay.txt", "", 0},
		{"policy replay " + answeredPolicy[:12] + " -o json", "policy-replay.json", "", 0},
		{"policy load p --sign", "policy-load.txt", "", 0},
		{"policy load p -o json", "policy-load.json", "", 0},
		{"policy list", "policy-list.txt", "", 0},
		{"policy list -o json", "policy-list.json", "", 0},
		{"policy activate " + answeredPolicy[:12], "policy-activate.txt", "", 0},
		{"policy rollback --to 2", "policy-rollback.txt", "", 0},
		{"policy rollback -o json", "policy-rollback.json", "", 0},
		{"policy diff now p", "policy-diff.txt", "", 0},
		{"policy test p", "policy-test.txt", "", 0},
		{"policy test p -o json", "policy-test.json", "", 0},
		{"policy export now --out now.tar.gz", "policy-export.txt", "", 0},
		{"vex add --cve CVE-2024-12345 --status not_affected --justification words --sign", "vex-add.txt", "", 0},
		{"vex add --cve CVE-2024-12345 --status not_affected --justification words", "vex-unsigned.txt", "", 0},
		{"vex add --cve CVE-2024-12345 --status not_affected --justification words --sign -o json", "vex-add.json", "", 0},
		{"vex list", "vex-list.txt", "", 0},
		{"vex list -o json", "vex-list.json", "", 0},
		{"vex withdraw aaaaaa/0 --reason so", "vex-withdraw.txt", "", 0},
	} {
		t.Run(c.line, func(t *testing.T) {
			stdout, stderr, exit := adminctl(t, c.line)
			if exit != c.exit || stderr != c.stderr {
				t.Errorf("exit %d: %s", exit, stderr)
			}
			golden(t, c.file, stdout)
		})
	}
	if text, err := os.ReadFile("d.json"); err != nil || string(text) != "signed" {
		t.Errorf("%q %v", text, err)
	}
	if files, err := bundle.Read(a.sent); err == nil && len(files) > 2 {
		t.Errorf("sent %q", files.Names())
	}
}

// TestDecisionPage: a page has all of it, and nothing of a stranger's steers it.
func TestDecisionPage(t *testing.T) {
	a := answerPolicies(t)
	a.decision.Gates[1].Looked = []string{"<script>alert(1)</script>"}
	stdout, _, exit := adminctl(t, "policy evaluate --artifact 9f86d081 --environment production --explain -o html")
	page := string(stdout)
	for _, want := range []string{"CVE-2024-12345 (CVSS 9.8) exceeds threshold", answeredArtifact, "not reachable", "it is about another artifact", "it is not signed", "&lt;script&gt;", "contradict"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if exit != 3 || strings.Contains(page, "<script>") || strings.Contains(page, "\x1b") {
		t.Errorf("exit %d\n%s", exit, page)
	}
}

func TestPassed(t *testing.T) {
	a := answerPolicies(t)
	a.decision.Verdict = "PASSED"
	if _, stderr, exit := adminctl(t, "policy evaluate --artifact 9f86d081 --environment production"); exit != 0 || stderr != "" {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	for _, word := range []string{"", "passed", "PASSED ", "ALLOWED"} { // what is no pass in as many words is none
		a.decision.Verdict = word
		if _, _, exit := adminctl(t, "policy evaluate --artifact 9f86d081 --environment production"); exit != 3 {
			t.Errorf("%q: exit %d", word, exit)
		}
	}
}

// TestPolicyBadInput: what can be found wrong is found before a daemon is asked, in one line.
func TestPolicyBadInput(t *testing.T) {
	a := answerPolicies(t)
	inFolder(t, map[string]string{"empty/README": "x", "there": "x", "junk.tar.gz": "junk"})
	for line, want := range map[string]string{
		"policy evaluate --artifact sha256:demo123 --environment production":              `--artifact sha256:demo123: "demo123" is not hexadecimal`,
		"policy evaluate --artifact 9f86 --environment production":                        "at least 6 are wanted",
		"policy evaluate --artifact 9f86d081 --environment production --out x":            "--key and --out are for a decision that is signed",
		"policy evaluate --artifact 9f86d081 --environment production --sign --out there": "--out there: it is there already",
		"policy evaluate --artifact 9f86d081 --environment production -o xml":             "none of table, json and html",
		"policy replay demo":                              "demo: ",
		"policy load absent":                              "absent: ",
		"policy load empty":                               "empty: no file of a policy in this folder",
		"policy load junk.tar.gz":                         "junk.tar.gz: not a policy bundle",
		"policy load empty --key k":                       "--key is for a bundle that is to be signed",
		"policy activate x":                               "x: ",
		"policy export version:x --out new.tar.gz":        "version:x: no number follows version:",
		"policy export now --out there":                   "--out there: it is there already",
		"policy diff absent junk.tar.gz":                  "absent: ",
		"policy test junk.tar.gz":                         "junk.tar.gz: not a policy bundle",
		"vex add --cve C --status s --key k":              "--key is for a statement that is to be signed",
		"vex add --cve C --status s --artifact x":         "--artifact x: ",
		"vex add --cve C --status s --expires 1":          "--expires 1: neither a day",
		"vex add --cve C --status s --expires 2020-01-01": "--expires 2020-01-01: it is over already",
		"vex list --artifact x":                           "--artifact x: ",
		"vex withdraw x --reason r":                       "x: ",
	} {
		a.asked = nil
		stdout, stderr, exit := adminctl(t, line)
		if exit != cli.StatusBadInput || len(stdout) > 0 || !strings.Contains(stderr, want) || a.asked != nil {
			t.Errorf("%s: exit %d, asked %v: %s", line, exit, a.asked, stderr)
		}
	}
}

// TestPolicyRefused: what the daemon refuses leaves with the status of the reason, and nothing is written.
func TestPolicyRefused(t *testing.T) {
	a := answerPolicies(t)
	inFolder(t, map[string]string{"p/a.rego": "package a\n"})
	for reason, want := range map[stellav1.ErrorReason]cli.Status{
		stellav1.ErrorReason_ERROR_REASON_NO_POLICY: 2, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE: 2, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED: 3,
		stellav1.ErrorReason_ERROR_REASON_DENIED: 4, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE: 7, stellav1.ErrorReason_ERROR_REASON_READ_ONLY: 1,
	} {
		a.err = api.Error(codes.FailedPrecondition, reason, "no")
		a.policies = nil
		for _, line := range []string{
			"policy evaluate --artifact 9f86d081 --environment production", "policy evaluate --artifact 9f86d081 --environment production --sign --out d.json",
			"policy replay 4c1f0e", "policy load p", "policy list", "policy activate 4c1f0e", "policy rollback", "policy export now --out new.tar.gz", "policy diff now p",
			"vex add --cve C --status fixed", "vex list", "vex withdraw aaaaaa --reason r", "status --sealed",
		} {
			if stdout, stderr, exit := adminctl(t, line); exit != want || stderr != "adminctl: no\n" || len(stdout) > 0 {
				t.Errorf("%s: %v: exit %d, not %d: %s", line, reason, exit, want, stderr)
			}
		}
	}
	for _, name := range []string{"d.json", "new.tar.gz"} {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestPolicyFails(t *testing.T) {
	a := answerPolicies(t)
	inFolder(t, map[string]string{"p/a.rego": "package a\n"})
	a.same = false
	if _, stderr, exit := adminctl(t, "policy replay 4c1f0e"); exit != 3 || !strings.Contains(stderr, "NOT THE SAME") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	a.tests = append(a.tests, &stellav1.TestPolicyResponse_Test{Name: "data.a.test_two", Reason: "false"})
	if stdout, stderr, exit := adminctl(t, "policy test p"); exit != 3 || !strings.Contains(stderr, "1 of 2 tests failed") || !strings.Contains(string(stdout), "FAILED  data.a.test_two: false") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	a.tests = nil
	if _, stderr, exit := adminctl(t, "policy test p"); exit != 3 || !strings.Contains(stderr, "it has no test") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}

func TestStatusSealed(t *testing.T) {
	answerPolicies(t)
	stdout, stderr, exit := adminctl(t, "status --sealed")
	if exit != 0 || stderr != "" || !strings.Contains(string(stdout), "ok  sockets  3 open\n!!  network  eth0 ") || strings.Contains(string(stdout), "\x1b") || !strings.Contains(string(stdout), "!!  unit") {
		t.Errorf("exit %d: %s%s", exit, stdout, stderr)
	}
}
