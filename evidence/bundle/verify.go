package bundle

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/attest/sealed"
	"stellad/attest/sign"
	"stellad/attest/trust"
	"stellad/internal/archive"
)

// Expect is what a bundle is held to. Nothing that lies in it takes any part.
type Expect struct {
	Verifier *attest.Verifier
	Signers  []*trust.Signer  // of the manifest: where there are any, they stand in for the trust root's
	Artifact *attest.Artifact // that the bundle must be about; nil asks for none, and the report says so
}

// The checks, in their order; those between are sealed's.
const (
	checkStructure = "structure"
	checkManifest  = "manifest"
	checkSubject   = "subject"
	checkHashes    = "content hashes"
	checkEvidence  = "evidence"
)

var checks = []string{
	checkManifest, sealed.CheckSignature, sealed.CheckSigner, sealed.CheckTimestamp, sealed.CheckLog, checkSubject, checkStructure, checkHashes, checkEvidence,
}

// Verify reads a bundle once and reports check by check, and document by document. What is wrong with the bundle is in the
// report; an error is the disk's, and no verdict.
func Verify(r io.Reader, want Expect) (*report.Archive, error) {
	v := &verification{want: want, report: &report.Archive{What: "Evidence bundle"}, front: map[string][]byte{}}
	err := archive.Read(r, limits, v.take)
	switch {
	case errors.Is(err, errStop):
	case err != nil && !errors.Is(err, archive.ErrArchive) && !errors.Is(err, ErrBundle):
		return nil, err
	case err != nil:
		v.fail(err)
	default:
		v.end()
	}
	for _, name := range checks[len(v.report.Checks):] {
		v.report.Skip(name, "a check before it failed")
	}
	v.report.Verified = !v.report.Failed()
	return v.report, nil
}

// errStop ends the reading of a bundle of which the report says what is wrong.
var errStop = errors.New("a check failed")

// A verification is a bundle on its way through.
type verification struct {
	want   Expect
	report *report.Archive

	front    map[string][]byte // heads
	manifest *sealed.Manifest  // whose signature held; nil before
	next     int               // file of the manifest
	beside   []side            // that must stand beside the document that came last
	recorded map[string]string // verdicts of whoever made the bundle, by SHA-256

	verified, refused int // attestations
	wrong             error
}

// fail tells of what is wrong with the file at hand: before the manifest is believed it is the manifest's fault.
func (v *verification) fail(err error) {
	at := checkStructure
	if v.manifest == nil {
		at = checkManifest
	}
	v.report.Fail(at, err)
}

// take takes the next file.
func (v *verification) take(e archive.Entry, r io.Reader) error {
	if n := len(v.front); n < len(heads) {
		if e.Name != heads[n] {
			return fmt.Errorf("%w: %q stands where %q is wanted", ErrBundle, e.Name, heads[n])
		}
		return v.takeHead(e, r)
	}
	if v.next == len(v.manifest.Files) {
		return fmt.Errorf("%w: %q is not in the manifest", ErrBundle, e.Name)
	}
	f := v.manifest.Files[v.next]
	if e.Name != f.Name {
		return fmt.Errorf("%w: %q stands where %q is wanted", ErrBundle, e.Name, f.Name)
	}
	v.next++
	return v.file(f, r)
}

func (v *verification) takeHead(e archive.Entry, r io.Reader) error {
	if e.Size > sealed.MaxManifest {
		return fmt.Errorf("%w: %s has %d bytes, more than %d", ErrBundle, e.Name, e.Size, sealed.MaxManifest)
	}
	content := make([]byte, e.Size)
	if _, err := io.ReadFull(r, content); err != nil {
		return err
	}
	v.front[e.Name] = content
	if len(v.front) < len(heads) {
		return nil
	}
	if err := v.judgeManifest(); err != nil {
		v.report.Fail(checkManifest, err)
	}
	if v.report.Failed() {
		return errStop
	}
	return nil
}

// judgeManifest holds the heads to one another, and to the trust.
func (v *verification) judgeManifest() error {
	m, err := sealed.ParseManifest(v.front[heads[0]], PredicateType)
	if err != nil {
		return fmt.Errorf("%s: %w", heads[0], err)
	}
	doc, sides, err := sealed.Open(v.front[heads[5]])
	if err != nil {
		return fmt.Errorf("%s: %w", heads[5], err)
	}
	for i, content := range [][]byte{sides.Statement, sides.PAE, sides.Signature, sides.Tokens[0]} {
		if !bytes.Equal(content, v.front[heads[i+1]]) {
			return fmt.Errorf("%w: %s is not what %s has", ErrBundle, heads[i+1], heads[5])
		}
	}
	subjects, err := v.stated(m, sides.Statement)
	if err != nil {
		return fmt.Errorf("%s: %w", heads[1], err)
	}
	root := m.Root()
	v.report.Pass(checkManifest, "it names %d files, its Merkle root is %x", len(m.Files), root[:])
	sealed.Judge(v.report, v.want.Verifier, doc, attest.Expect{PredicateType: PredicateType, Signers: v.want.Signers})
	if !v.report.Failed() {
		v.subject(subjects)
	}
	v.manifest = m
	return nil
}

// stated holds the statement to the manifest, and gives the artifacts that it is about.
func (v *verification) stated(m *sealed.Manifest, text []byte) ([]attest.Subject, error) {
	s, err := sign.ReadStatement(text)
	if err != nil {
		return nil, err
	}
	var said predicate
	if err := sealed.ReadPredicate(s, PredicateType, &said); err != nil {
		return nil, err
	}
	root, sum, first := m.Root(), sealed.Sum(v.front[heads[0]]), s.Subjects()[0]
	if said != (predicate{len(m.Files), hex.EncodeToString(root[:]), digested{sum}}) || first.Name != heads[0] || first.Digest["sha256"] != sum {
		return nil, fmt.Errorf("%w: it is of another manifest", ErrBundle)
	}
	return s.Subjects()[1:], nil
}

func (v *verification) subject(subjects []attest.Subject) {
	if v.want.Artifact == nil {
		v.report.Skip(checkSubject, fmt.Sprintf("no artifact was given; the bundle is about %d", len(subjects)))
		return
	}
	match := v.want.Artifact.Among(subjects)
	if match == nil || v.want.Artifact.Flaw != nil {
		v.report.Fail(checkSubject, errors.New("the bundle is not about the artifact at hand"))
		return
	}
	v.report.Pass(checkSubject, "the bundle is about the artifact at hand, %s:%s", match.Algorithm, match.Digest)
}

// end makes the checks that need the whole.
func (v *verification) end() {
	switch {
	case v.manifest == nil:
		v.report.Fail(checkManifest, fmt.Errorf("%w: %s is missing", ErrBundle, heads[len(v.front)]))
		return
	case v.next < len(v.manifest.Files):
		v.report.Fail(checkStructure, fmt.Errorf("%w: %q is missing", ErrBundle, v.manifest.Files[v.next].Name))
		return
	}
	v.report.Pass(checkStructure, "%d files, all that the manifest names and no other", len(v.manifest.Files))
	v.report.Pass(checkHashes, "each has the size and the SHA-256 that the manifest says")
	if v.wrong != nil {
		v.report.Fail(checkEvidence, v.wrong)
		return
	}
	v.report.Pass(checkEvidence, "%d attestations verify by themselves; %d do not, and are recorded so", v.verified, v.refused)
}
