package attest

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"stellad/attest/trust"
)

// The links of the chain, in the order in which they are checked and told.
const (
	linkDocument    = "document"
	linkSignature   = "signature"
	linkLog         = "log entry"
	linkTime        = "time"
	linkCertificate = "certificate"
	linkCT          = "certificate log"
	linkStatement   = "statement"
	linkArtifact    = "artifact"
	linkSigner      = "signer"
)

// step checks one link. It gives how the link stands, or the reason to refuse.
type step struct {
	name  string
	check func(*chain) (State, string, error)
}

var bundleSteps = []step{
	{linkDocument, (*chain).document},
	{linkSignature, (*chain).signature},
	{linkLog, (*chain).log},
	{linkTime, (*chain).time},
	{linkCertificate, (*chain).certificate},
	{linkCT, (*chain).certificateLog},
	{linkStatement, (*chain).statement},
	{linkArtifact, (*chain).artifact},
	{linkSigner, (*chain).signer},
}

var envelopeSteps = []step{
	{linkDocument, (*chain).document},
	{linkSignature, (*chain).envelopeSignatures},
	{linkStatement, (*chain).statement},
	{linkArtifact, (*chain).artifact},
	{linkSigner, (*chain).envelopeSigner},
}

// chain is one document on its way through one trusted root. Each step reads
// what the steps before it established.
type chain struct {
	verifier *Verifier
	doc      *Document
	entity   *entity // nil for a bare envelope
	want     Expect
	root     *trust.Root

	links  []Link
	failed error

	established Established
	missing     []string // NotEstablished
	loose       []string // NotAuthenticated

	signed     *message    // what an envelope's signature is over
	signedHash crypto.Hash // by which the artifact was signed, in a message signature

	keys    []*trust.Key        // that made the signature, of those offered
	summary certificate.Summary // of the leaf certificate
	issuers [][]issuerPath      // the leaf's paths, one set for each time
}

func (c *chain) judge(steps []step) *chain {
	for _, s := range steps {
		if c.failed != nil {
			c.links = append(c.links, Link{Name: s.name, State: NotReached})
			continue
		}
		before := c.established
		state, detail, err := s.check(c)
		if err != nil {
			c.established = before // what a step left that failed is no finding
			c.refuse(s.name, err)
			continue
		}
		c.links = append(c.links, Link{Name: s.name, State: state, Detail: detail})
	}
	return c
}

func (c *chain) refuse(link string, err error) *chain {
	c.failed = fmt.Errorf("%s: %w", link, err)
	c.links = append(c.links, Link{Name: link, State: Failed, Detail: oneLine(err)})
	return c
}

// loosen names a field that is no part of any proof, as its JSON path.
func (c *chain) loosen(format string, args ...any) {
	c.loose = append(c.loose, fmt.Sprintf(format, args...))
}

// lack says what a reader might take for granted and may not.
func (c *chain) lack(text string) { c.missing = append(c.missing, text) }

// reached counts the links that stood before the first that failed.
func (c *chain) reached() int {
	n := 0
	for n < len(c.links) && (c.links[n].State == Held || c.links[n].State == Absent) {
		n++
	}
	return n
}

func (c *chain) verdict() *Verdict {
	v := &Verdict{
		Verified:         c.failed == nil,
		Document:         DocumentRef{Form: c.doc.Form, SHA256: c.doc.Digest, Line: c.doc.Line},
		Trust:            TrustRef{SHA256: c.verifier.trust.Digest},
		Established:      c.established,
		NotEstablished:   append([]string{}, c.missing...),
		NotAuthenticated: append([]string{}, c.loose...),
		Links:            c.links,
	}
	if c.root != c.verifier.rootless {
		v.Trust.Root, v.Trust.RootSHA256 = c.root.Name, c.root.Digest
	}
	if c.failed != nil {
		v.Reason = oneLine(c.failed)
	}
	return v
}

// oneLine keeps a library's many-lined error, or a stranger's text within one,
// to one line of printable characters and a readable length.
func oneLine(err error) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, err.Error())
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 600 {
		text = strings.ToValidUTF8(text[:600], "") + "…"
	}
	return text
}
