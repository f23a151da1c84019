package sbom

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/attest/sealed"
	"stellad/attest/sign"
	"stellad/internal/archive"
)

// Expect is what an archive is held to. Nothing that lies in it takes any part.
type Expect struct {
	Verifier *attest.Verifier
	Signers  []*SignerOf      // where there are any, they stand in for the trust root's
	Artifact *attest.Artifact // that the SBOM must be of; nil asks for none, and the report says so
	Read     Reader           // validates the SBOM; nil does not, and the report says so
}

// The checks, in their order; those between are sealed's.
const (
	checkStructure = "structure"
	checkHashes    = "content hashes"
	checkSubject   = "subject"
	checkMetadata  = "metadata"
	checkDocument  = "SBOM document"
	checkWithin    = "signature within" // of the document; there may be any number
)

var checks = []string{
	checkStructure, checkHashes, sealed.CheckSignature, sealed.CheckSigner, sealed.CheckTimestamp, sealed.CheckLog,
	checkSubject, checkMetadata, checkDocument,
}

// Verify reads an archive once and reports check by check. What is wrong with the archive
// is in the report; an error is the disk's, and no verdict.
func Verify(r io.Reader, want Expect) (*report.Archive, error) {
	a := &report.Archive{What: "Signed SBOM archive"}
	c := &contents{read: want.Read, small: map[string][]byte{}}
	err := archive.Read(r, limits, c.take)
	if err == nil && c.next != len(layout)+1 {
		err = fmt.Errorf("%w: %s is missing", archive.ErrArchive, c.wanted())
	}
	switch {
	case err != nil && !errors.Is(err, archive.ErrArchive):
		return nil, err
	case err != nil:
		a.Fail(checkStructure, err)
	default:
		a.Pass(checkStructure, "%d files, all that there must be and no other", c.next)
		c.judge(a, want)
	}
	return finish(a), nil
}

// finish names the checks that were not reached.
func finish(a *report.Archive) *report.Archive {
	for _, name := range checks[min(len(a.Checks), len(checks)):] {
		a.Skip(name, "a check before it failed")
	}
	a.Verified = !a.Failed()
	return a
}

// judge makes the checks one after the other until one fails.
func (c *contents) judge(a *report.Archive, want Expect) {
	doc, said, err := c.hashes()
	if err != nil {
		a.Fail(checkHashes, err)
		return
	}
	a.Pass(checkHashes, "%s and 3 other files have the SHA-256 that the manifest says, the manifest has the one that the statement says", c.sbom.Name)
	sealed.Judge(a, want.Verifier, doc, attest.Expect{PredicateType: PredicateType, Signers: want.Signers})
	for _, check := range []func(*report.Archive, *statement, Expect){c.subject, c.metadata, c.document} {
		if !a.Failed() {
			check(a, said, want)
		}
	}
}

// subject holds the statement's subject to the artifact at hand.
func (c *contents) subject(a *report.Archive, said *statement, want Expect) {
	if want.Artifact == nil {
		a.Skip(checkSubject, fmt.Sprintf("no artifact was given; the SBOM is of %s", said.subject))
		return
	}
	match := want.Artifact.Among([]attest.Subject{said.subject})
	if match == nil || want.Artifact.Flaw != nil {
		a.Fail(checkSubject, fmt.Errorf("the SBOM is of %s, and the artifact at hand is another", said.subject))
		return
	}
	a.Pass(checkSubject, "the SBOM is of the artifact at hand, %s:%s", match.Algorithm, match.Digest)
}

// metadata was seen to have the digest that is signed.
func (c *contents) metadata(a *report.Archive, _ *statement, _ Expect) {
	m, err := ParseMetadata(c.small[metadataName])
	switch {
	case err != nil:
		a.Fail(checkMetadata, fmt.Errorf("%s: %w", metadataName, err))
	case c.about != nil && fmt.Sprint(distinct(c.about.Tools)) != fmt.Sprint(m.Tools):
		a.Fail(checkMetadata, fmt.Errorf("%s: its tools are %q, and the SBOM's are %q", metadataName, m.Tools, distinct(c.about.Tools)))
	default:
		a.Pass(checkMetadata, "made by %s %s", m.Scanner.Name, m.Scanner.Version)
	}
}

func (c *contents) document(a *report.Archive, said *statement, want Expect) {
	in := said.SBOM
	switch {
	case want.Read == nil:
		a.Skip(checkDocument, fmt.Sprintf("it was not asked whether the SBOM is valid %s %s", in.Format, in.Version))
	case c.invalid != nil:
		a.Fail(checkDocument, fmt.Errorf("%s: %w", c.sbom.Name, c.invalid))
	case c.about.Format != in.Format || c.about.Version != in.Version || names[[2]string{c.about.Format, c.about.Encoding}] != c.sbom.Name:
		a.Fail(checkDocument, fmt.Errorf("%s: it is %s %s in %s, and stated to be %s %s", c.sbom.Name, c.about.Format, c.about.Version, c.about.Encoding, in.Format, in.Version))
	default:
		a.Pass(checkDocument, "valid %s %s", in.Format, in.Version)
		c.within(a)
	}
}

// within reports the signatures that stand in the SBOM itself, one by one: they are somebody else's word.
func (c *contents) within(a *report.Archive) {
	if c.about.Document == nil {
		return
	}
	for _, s := range c.about.Document.Signatures {
		key := "no key is named"
		switch {
		case s.KeyID != "":
			key = "key " + s.KeyID
		case s.EmbeddedKey || s.Certificates:
			key = "it brings its key along"
		}
		a.Skip(checkWithin, fmt.Sprintf("%s at %s, %s, %s: it is not verified here", s.Kind, s.Where, cmp.Or(s.Algorithm, "no algorithm"), key))
	}
	if more := c.about.Document.SignatureCount - len(c.about.Document.Signatures); more > 0 {
		a.Skip(checkWithin, fmt.Sprintf("and %d more", more))
	}
}

// statement is the archive's statement, read.
type statement struct {
	predicate
	subject attest.Subject
}

// hashes holds every file to what names it: those of the content to the manifest, the
// manifest and once more SBOM and metadata to the statement, what stands beside the
// bundle to the bundle.
func (c *contents) hashes() (*attest.Document, *statement, error) {
	manifest, err := sealed.ParseManifest(c.small[manifestName], PredicateType)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	if err := c.listed(manifest); err != nil {
		return nil, nil, err
	}
	doc, sides, err := sealed.Open(c.small[bundleName])
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", bundleName, err)
	}
	for name, content := range beside(sides, c.small[bundleName]) {
		if !bytes.Equal(content, c.small[name]) {
			return nil, nil, fmt.Errorf("%w: %s is not what %s has", ErrVerify, name, bundleName)
		}
	}
	said, err := c.stated(sides.Statement)
	return doc, said, err
}

// listed holds the content to the manifest, which names it and nothing else.
func (c *contents) listed(m *sealed.Manifest) error {
	have := []sealed.File{
		c.sbom, sealed.Of(metadataName, "metadata", c.small[metadataName]),
		sealed.Of(guideName, "guide", c.small[guideName]), sealed.Of(scriptName, "script", c.small[scriptName]),
	}
	for _, f := range have {
		if listed, ok := m.Find(f.Name); !ok || listed != f {
			return fmt.Errorf("%w: %s has SHA-256 %s, which is not what %s says", ErrVerify, f.Name, f.SHA256, manifestName)
		}
	}
	if len(m.Files) != len(have) {
		return fmt.Errorf("%w: %s names %d files, and must name %d", ErrVerify, manifestName, len(m.Files), len(have))
	}
	if !bytes.Equal(c.small[scriptName], Script()) {
		return fmt.Errorf("%w: %s is not the script that was released", ErrVerify, scriptName)
	}
	return nil
}

// stated reads the statement and holds the files to it.
func (c *contents) stated(text []byte) (*statement, error) {
	s, err := sign.ReadStatement(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statementName, err)
	}
	said := &statement{}
	if err := sealed.ReadPredicate(s, PredicateType, &said.predicate); err != nil {
		return nil, fmt.Errorf("%s: %w", statementName, err)
	}
	if len(s.Subjects()) != 1 {
		return nil, fmt.Errorf("%w: %s has %d subjects, and must have one", ErrVerify, statementName, len(s.Subjects()))
	}
	said.subject = s.Subjects()[0]
	in := said.SBOM
	for name, ok := range map[string]bool{
		c.sbom.Name:  in.Name == c.sbom.Name && in.SHA256 == c.sbom.SHA256 && in.Size == c.sbom.Size,
		metadataName: said.predicate.Metadata.SHA256 == sealed.Sum(c.small[metadataName]),
		manifestName: said.Manifest.SHA256 == sealed.Sum(c.small[manifestName]),
	} {
		if !ok {
			return nil, fmt.Errorf("%w: %s is not what %s names", ErrVerify, name, statementName)
		}
	}
	return said, nil
}
