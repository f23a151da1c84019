package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"stellad/attest"
	"stellad/evidence"
	"stellad/evidence/kind"
	"stellad/policy"
	"stellad/policy/findings"
	"stellad/sbom"
)

// attested tells of an attestation: what it states of the artifact, or why that counts for nothing.
func (g *gathering) attested(ctx context.Context, e evidence.Entry) error {
	if err := g.daemon.turns.Take(ctx, g.uid); err != nil {
		return err
	}
	defer g.daemon.turns.Give()
	text, err := g.text(e)
	if err != nil {
		return err
	}
	docs, err := attest.Parse(text)
	if err != nil || len(docs) != 1 {
		return fmt.Errorf("evidence %s is no attestation any more: %w", e.Blob, errors.Join(err, evidence.ErrRefused))
	}
	verdict := g.verifier.Verify(docs[0], attest.Expect{})
	if why := g.refuses(verdict); why != "" {
		g.assembly.LeaveOut(e.Blob, kind.Kind(e.Kind), why)
		return nil
	}
	predicateType, predicate, err := docs[0].Predicate()
	if err != nil {
		g.assembly.LeaveOut(e.Blob, kind.Kind(e.Kind), err.Error())
		return nil
	}
	g.assembly.Attestation(g.source(e, verdict), predicateType, predicate)
	return nil
}

// refuses says why a verdict is of no use here, or nothing.
func (g *gathering) refuses(v *attest.Verdict) string {
	switch subjects := artifactsOf(v.Established.Subjects); {
	case !v.Verified:
		return v.Reason
	case !slices.Contains(subjects, g.artifact):
		return fmt.Sprintf("it is verified, and states nothing of %s", g.artifact)
	}
	return ""
}

// archived tells of an SBOM archive.
func (g *gathering) archived(ctx context.Context, e evidence.Entry) error {
	if err := g.daemon.reading.Take(ctx, g.uid); err != nil {
		return err
	}
	defer g.daemon.reading.Give()
	doc := &archivedSBOM{}
	return read(g.content(e), func(r io.Reader) error {
		a, err := sbom.Verify(r, sbom.Expect{Verifier: g.verifier, Read: doc.read})
		if err != nil {
			return err
		}
		why := a.Reason
		if a.Verified {
			why = g.refuses(a.Verdict)
		}
		if why != "" {
			g.assembly.LeaveOut(e.Blob, kind.SBOMArchive, why)
			return nil
		}
		s := g.source(e, a.Verdict)
		g.assembly.Attestation(s, sbom.PredicateType, []byte("{}"))
		g.assembly.SBOM(s, doc.about.Format, doc.about.Version, doc.text.Bytes())
		return nil
	})
}

// An archivedSBOM is an archive's SBOM and, where it may have vulnerabilities, its text.
type archivedSBOM struct {
	about *sbom.Described
	text  bytes.Buffer
}

// read is an sbom.Reader.
func (d *archivedSBOM) read(r io.Reader) (about *sbom.Described, err error) {
	d.text.Reset()
	d.about, err = sbom.ReadDocument(io.TeeReader(r, &capped{&d.text, findings.MaxSize + 1}))
	return d.about, err
}

// capped keeps the first of what is written.
type capped struct {
	to   *bytes.Buffer
	left int
}

func (c *capped) Write(text []byte) (int, error) {
	n := min(len(text), c.left)
	c.left -= n
	c.to.Write(text[:n])
	return len(text), nil
}

// source says who stands for verified evidence, and tells the assembly of the keys and of what the artifact is called.
func (g *gathering) source(e evidence.Entry, v *attest.Verdict) policy.Source {
	s := policy.Source{Evidence: e.Blob, Logged: len(v.Established.Logs) > 0}
	for _, t := range v.Established.Times {
		if at := policy.Instant(t.Time); s.Proven == "" || at < s.Proven {
			s.Proven = at
		}
	}
	s.Signers = signersOf(v.Established.Signer)
	for _, signer := range s.Signers {
		if signer.Key != "" {
			g.assembly.Key(signer.Key, g.key(strings.TrimPrefix(signer.Name, "key:"), signer.Key))
		}
	}
	for _, subject := range v.Established.Subjects {
		if slices.Contains(artifactsOf([]attest.Subject{subject}), g.artifact) {
			g.assembly.Named(subject.Name)
		}
	}
	return s
}

// signersOf are the keys that signed, or whom a certificate names.
func signersOf(by *attest.SignerRef) (all []policy.Signer) {
	if by == nil {
		return nil
	}
	if by.Identity != "" {
		return []policy.Signer{{Name: by.Identity, Identity: by.Identity, Issuer: by.Issuer}}
	}
	for _, k := range by.Keys {
		all = append(all, policy.Signer{Name: "key:" + k.Name, Key: k.SHA256})
	}
	slices.SortFunc(all, func(x, y policy.Signer) int { return strings.Compare(x.Name+x.Key, y.Name+y.Key) })
	return all
}

// custodies says where a key of a backend is.
var custodies = map[string]string{"pkcs11": "hsm", "soft": "soft"}

func (g *gathering) key(name, sha256 string) policy.Key {
	own, is := g.own[sha256]
	if !is {
		return policy.Key{Name: name, Custody: "elsewhere"}
	}
	return policy.Key{Name: name, Custody: custodies[own.Backend], State: string(own.State())}
}
