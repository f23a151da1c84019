package pack_test

import (
	"fmt"
	"testing"

	"stellad/policy"
	"stellad/policy/pack"
	"stellad/policy/pack/packtest"
)

// TestDemo is the policy demo: blocked for one finding, passed by a VEX statement in free text.
func TestDemo(t *testing.T) {
	query := prepare(t, pack.Files())
	got := ask(t, query, packtest.Artifact())
	if fmt.Sprint(got.failing(false)) != "[cvss]" || got.Gates[3].Reasons[0] != "CVE-2024-12345 (CVSS 9.8) exceeds threshold" {
		t.Errorf("before VEX: %+v", got)
	}
	got = ask(t, query, packtest.Excepted())
	if got.verdict() != policy.Passed || fmt.Sprint(got.failing(true)) != "[cvss]" {
		t.Errorf("with VEX: %+v", got)
	}
	want := policy.Exception{
		Finding: "CVE-2024-12345", Package: "pkg:deb/debian/libfoo@1.2", Statement: "vex-1", Status: "not_affected",
		Why: "Vulnerable code path not reachable", By: packtest.Signing,
	}
	if len(got.Exceptions) != 1 || got.Exceptions[0] != want {
		t.Errorf("exceptions %+v", got.Exceptions)
	}
}
