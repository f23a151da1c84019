package report

import (
	"fmt"
	"strings"

	"stellad/attest"
)

func (e Entry) answer() answer {
	switch {
	case e.Verdict == nil:
		return noVerdict
	case e.Verdict.Verified:
		return verified
	}
	return notVerified
}

// name tells the document apart from others in its file.
func (e Entry) name() string {
	if e.Verdict != nil && e.Verdict.Document.Line > 0 {
		return fmt.Sprintf("%s, line %d", e.File, e.Verdict.Document.Line)
	}
	return e.File
}

// sentence is the answer in one sentence.
func (e Entry) sentence() line {
	switch {
	case e.Verdict == nil:
		return join(quote(e.File), say(" could not be judged: "), e.problem())
	case !e.Verdict.Verified:
		return join(quote(e.name()), say(" is refused: "), tell(e.Verdict.Reason))
	}
	found := e.Verdict.Established
	if found.Artifact == nil {
		return join(quote(e.name()), say(" is verified: it is signed by "), signedBy(found.Signer), say(". No artifact was given, so none was compared."))
	}
	return join(quote(e.name()), say(" is verified: the "), artifact(found.Artifact), say(" is what was signed ("),
		compared(found.Artifact), say("), by "), signedBy(found.Signer), say("."))
}

// problem is told beside the file's name, which it need not repeat.
func (e Entry) problem() line { return tell(strings.TrimPrefix(e.Problem, e.File+": ")) }

func artifact(m *attest.Match) line {
	if m.Kind == "" {
		return join(say("artifact "), quote(m.Name))
	}
	return join(tell(m.Kind), say(" "), quote(m.Name))
}

func signedBy(s *attest.SignerRef) line {
	switch {
	case s == nil:
		return say("an accepted signer")
	case s.Identity != "":
		return join(quote(s.Identity), say(", vouched for by "), quote(s.Issuer))
	}
	keys := make([]line, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = join(say("key "), quote(k.Name))
	}
	return lines(", ", keys)
}

// hashName gives the hash as its standard calls it, FIPS 180-4.
func hashName(algorithm string) line {
	switch algorithm {
	case "sha256", "sha384", "sha512":
		return say("SHA-%s", algorithm[3:])
	}
	return quote(algorithm)
}
