package report

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"stellad/attest"
)

// artifact sets the artifact's digest beside the digest that was signed, for
// the reader's own eyes.
func (d *document) artifact(heading string, e attest.Established) {
	m := e.Artifact
	if m == nil {
		d.add(heading, say("None was given, so none was compared with what is signed."))
		return
	}
	t := table{Class: "digests", Head: []line{say("Of"), hashName(m.Algorithm)}}
	t.add("", join(say("the artifact at hand: "), artifact(m)), quote(m.Digest))
	if e.Subjects == nil {
		t.add("", say("the message that is signed"), quote(m.Digest))
	}
	for _, s := range e.Subjects {
		if signed := s.Digest[m.Algorithm]; strings.EqualFold(signed, m.Digest) {
			t.add("", join(say("the statement: subject "), subjectName(s)), quote(signed))
		}
	}
	d.add(heading, d.match(m), t)
}

func (d *document) match(m *attest.Match) line {
	if d.Answer != verified {
		return say("The document names the digest of the artifact at hand, and is refused.")
	}
	return join(hashName(m.Algorithm), say(" match: the digest of the artifact at hand is one that is signed."))
}

func digest(algorithm, sum string) line {
	return quote(algorithm + ":" + sum)
}

func subjectName(s attest.Subject) line {
	if s.Name == "" {
		return say("without a name")
	}
	return quote(s.Name)
}

func (d *document) signer(heading string, e attest.Established) {
	t := facts()
	if s := e.Signer; s != nil {
		for _, fact := range []struct{ name, value string }{
			{"Accepted as", s.Name}, {"Identity", s.Identity}, {"Vouched for by (issuer)", s.Issuer}, {"Certificate SHA-256", s.Certificate},
		} {
			if fact.value != "" {
				t.fact(fact.name, quote(fact.value))
			}
		}
		for _, k := range s.Keys {
			t.fact("Key", quote(k.Name))
			t.fact("Key SHA-256", quote(k.SHA256))
		}
	}
	t.fact("Signatures by distinct keys", say("%d", e.Signatures))
	d.add(heading, nil, t)
}

func (d *document) times(heading string, times []attest.TimeRef) {
	if len(times) == 0 {
		d.add(heading, say("No time is proven: the signature may be of any date."))
		return
	}
	t := table{Class: "times", Head: head("Signed no later than", "Proven by", "How")}
	if d.Answer != verified {
		t.Head = head("Time", "Told by", "How")
	}
	for _, at := range times {
		t.add("", instant(at.Time), quote(at.By), timeKind(at.Kind))
	}
	d.add(heading, nil, t)
}

func timeKind(kind string) line {
	switch kind {
	case "timestamp":
		return say("timestamp (RFC 3161)")
	case "log":
		return say("the log’s signed promise")
	}
	return tell(kind)
}

func (d *document) logs(heading string, logs []attest.LogRef) {
	if len(logs) == 0 {
		d.add(heading, say("No log that the trust root knows is shown to hold an entry."))
		return
	}
	tables := make([]table, len(logs))
	for i, l := range logs {
		tables[i] = d.logTable(l)
	}
	d.add(heading, nil, tables...)
}

func (d *document) logTable(l attest.LogRef) table {
	t := facts()
	t.fact("Log", quote(l.Log))
	t.fact("Log’s key ID", quote(l.KeyID))
	t.fact("Index of the entry", say("%d", l.Index))
	if l.Proof {
		t.fact("Inclusion proof", join(d.held(), say(", in the tree of %d entries with this root hash", l.Size)))
		t.fact("Root hash", rootHash(l.Root))
	} else {
		t.fact("Inclusion proof", say("none: the log is not shown to hold the entry"))
	}
	if l.Promise {
		t.fact("Signed promise", d.held())
	} else {
		t.fact("Signed promise", say("none"))
	}
	return t
}

// rootHash gives the hash in hexadecimal, as all digests here, and as the log's
// checkpoint has it.
func rootHash(text string) line {
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) == 0 {
		return quote(text)
	}
	return join(quote(text), say(", in base64 "), quote(base64.StdEncoding.EncodeToString(sum)))
}

func (d *document) statement(heading string, e attest.Established) {
	if e.PredicateType == "" && len(e.Subjects) == 0 {
		d.add(heading, say("There is no statement: the artifact itself is signed."))
		return
	}
	about := facts()
	about.fact("Predicate type", quote(e.PredicateType))
	subjects := table{Class: "subjects", Head: head("Subject", "Digests")}
	for _, s := range e.Subjects {
		var digests []line
		for _, algorithm := range slices.Sorted(maps.Keys(s.Digest)) {
			digests = append(digests, digest(algorithm, s.Digest[algorithm]))
		}
		subjects.add("", subjectName(s), lines(", ", digests))
	}
	d.add(heading, nil, about, subjects)
}
