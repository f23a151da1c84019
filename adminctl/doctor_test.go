package main

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

func looked() []*stellav1.Examination {
	return []*stellav1.Examination{
		{Name: "module", Ok: true, Found: "/usr/lib/softhsm/libsofthsm2.so answers"},
		{Name: "token", Found: "token:stella is not there", Advice: "put the token in, or set slot in stellad-hsm.toml"},
		{Name: "clock", Ok: true, Found: "0.2 s before the last record", Advice: "said of what is well, and not printed"},
		{Name: "disk", Found: "12 MiB are free"},
	}
}

func TestDoctorPrinted(t *testing.T) {
	a := (&signingAnswers{looked: looked()}).serve(t)
	for _, c := range []struct{ line, file string }{{"doctor", "doctor.txt"}, {"doctor -o json", "doctor.json"}} {
		stdout, stderr, exit := adminctl(t, c.line)
		if exit != cli.StatusRefused || stderr != "adminctl: 2 of 4 not as they should be: token, disk\n" {
			t.Errorf("%s: exit %d: %s", c.line, exit, stderr)
		}
		golden(t, c.file, stdout)
	}
	a.looked = a.looked[:1]
	for _, c := range []struct{ line, file string }{{"doctor", "doctor-well.txt"}, {"doctor -o json", "doctor-well.json"}} {
		stdout, stderr, exit := adminctl(t, c.line)
		if exit != 0 || stderr != "" {
			t.Errorf("%s: exit %d: %s", c.line, exit, stderr)
		}
		golden(t, c.file, stdout)
	}
}

func TestDoctorRefuses(t *testing.T) {
	a := (&signingAnswers{}).serve(t)
	for _, form := range []string{"table", "json"} {
		if stdout, stderr, exit := adminctl(t, "doctor -o "+form); exit != cli.StatusFailed || len(stdout) > 0 || stderr != "adminctl: the daemon looked at nothing\n" {
			t.Errorf("exit %d, stdout %s, stderr %s", exit, stdout, stderr)
		}
	}
	a.looked = looked()
	for _, e := range a.looked {
		e.Name, e.Found, e.Advice = hostile, hostile, hostile
	}
	for _, form := range []string{"table", "json"} {
		if stdout, stderr, exit := adminctl(t, "doctor -o "+form); exit != cli.StatusRefused || strings.ContainsAny(string(stdout)+stderr, "\x1b\r\t") {
			t.Errorf("exit %d, stdout %q, stderr %q", exit, stdout, stderr)
		}
	}
	for _, line := range []string{"doctor clock", "doctor -o yaml", "doctor --socket="} {
		if stdout, stderr, exit := adminctl(t, line); exit != cli.StatusBadInput || len(stdout) > 0 || stderr == "" {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", line, exit, stdout, stderr)
		}
	}
	a.err = api.Error(codes.PermissionDenied, stellav1.ErrorReason_ERROR_REASON_DENIED, "no")
	if stdout, stderr, exit := adminctl(t, "doctor"); exit != cli.StatusForbidden || len(stdout) > 0 || stderr != "adminctl: no\n" {
		t.Errorf("exit %d, stdout %s, stderr %s", exit, stdout, stderr)
	}
}
