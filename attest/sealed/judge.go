package sealed

import (
	"errors"
	"fmt"

	"stellad/attest"
	"stellad/attest/report"
)

// The checks of a signature, in their order.
const (
	CheckSignature = "signature"
	CheckSigner    = "signer"
	CheckTimestamp = "timestamp"
	CheckLog       = "log entry"
)

// Judge verifies the bundle that an archive is sealed by, and adds to its report a check
// each for signature, signer, timestamp and log entry. A verdict may do without the last
// two; an archive may not.
func Judge(a *report.Archive, v *attest.Verifier, d *attest.Document, want attest.Expect) {
	a.Verdict = v.Verify(d, want)
	if !a.Verdict.Verified {
		refused(a)
		return
	}
	found := a.Verdict.Established
	a.Pass(CheckSignature, "the statement is signed: %s", found.PredicateType)
	a.Pass(CheckSigner, "%s", signer(found.Signer))
	proven(a, CheckTimestamp, timestamp(found.Times), "no timestamp by an authority that the trust root knows")
	proven(a, CheckLog, entry(found.Logs), "no log that the trust root knows is shown to hold the entry")
}

func proven(a *report.Archive, check, what, lacking string) {
	if what == "" {
		a.Fail(check, errors.New(lacking))
		return
	}
	a.Pass(check, "%s", what)
}

func signer(s *attest.SignerRef) string {
	switch {
	case s == nil:
		return "an accepted signer"
	case len(s.Keys) == 0:
		return fmt.Sprintf("%s, vouched for by %s", s.Identity, s.Issuer)
	}
	return fmt.Sprintf("key %s, SHA-256 %s", s.Keys[0].Name, s.Keys[0].SHA256)
}

func timestamp(times []attest.TimeRef) string {
	for _, t := range times {
		if t.Kind == "timestamp" {
			return fmt.Sprintf("signed no later than %s, by %s", t.Time.UTC().Format("2006-01-02T15:04:05Z"), t.By)
		}
	}
	return ""
}

func entry(logs []attest.LogRef) string {
	for _, l := range logs {
		if l.Proof {
			return fmt.Sprintf("entry %d of %d in %s", l.Index, l.Size, l.Log)
		}
	}
	return ""
}

// checkOf names the check that a link of the verdict's chain belongs to.
var checkOf = map[string]string{"log entry": CheckLog, "time": CheckTimestamp, "certificate": CheckSigner, "certificate log": CheckSigner, "signer": CheckSigner}

// refused tells what the verdict's first failure is a failure of. The chain holds whole
// or not at all: no other check passes.
func refused(a *report.Archive) {
	failed := CheckSignature
	for _, l := range a.Verdict.Links {
		if name := checkOf[l.Name]; l.State == attest.Failed && name != "" {
			failed = name
		}
	}
	for _, name := range []string{CheckSignature, CheckSigner, CheckTimestamp, CheckLog} {
		if name == failed {
			a.Fail(name, errors.New(a.Verdict.Reason))
		} else {
			a.Skip(name, "the bundle does not verify")
		}
	}
}
