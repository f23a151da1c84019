package report

import (
	"strings"

	"stellad/attest"
)

func (d *document) chain(links []attest.Link) table {
	t := table{Class: "links", Head: head("Link", "State", "Detail")}
	for _, l := range links {
		detail := say("–")
		if l.Detail != "" {
			detail = tell(l.Detail)
		}
		t.add(class(l.State), tell(l.Name), d.state(l.State), detail)
	}
	return t
}

// state puts a link's state into words that need no colour beside them.
func (d *document) state(s attest.State) line {
	switch s {
	case attest.Held:
		return d.held()
	case attest.Absent:
		return say("absent")
	case attest.Failed:
		return say("FAILED")
	case attest.NotReached:
		return say("not reached")
	}
	return tell(string(s))
}

// held says that something held; of a document that is refused, that it had
// held until then.
func (d *document) held() line {
	if d.Answer == verified {
		return say("held")
	}
	return say("had held")
}

func class(s attest.State) string {
	switch s {
	case attest.Held, attest.Absent, attest.Failed, attest.NotReached:
		return strings.ReplaceAll(string(s), " ", "-")
	}
	return ""
}

// trust names what was believed, which no signature speaks for.
func (d *document) trust(ref attest.TrustRef) {
	if ref.SHA256 == "" {
		d.add("Trust root", say("None: the keys were named by whoever ran the verification."))
		return
	}
	t := facts()
	t.fact("SHA-256 of the whole", quote(ref.SHA256))
	if ref.Root != "" {
		t.fact("Trusted root used", quote(ref.Root))
		t.fact("Its SHA-256", quote(ref.RootSHA256))
	}
	d.add("Trust root, by its digest", say("What was believed, because whoever ran the verification chose it."), t)
}
