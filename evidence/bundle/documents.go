package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/attest/sealed"
	"stellad/evidence/kind"
	"stellad/sbom"
)

// file holds a file to its line in the manifest, and to what stands before it; a document is verified.
func (v *verification) file(f sealed.File, r io.Reader) error {
	h := sha256.New()
	tee := io.TeeReader(r, h)
	sha, of, isEvidence := ofName(f.Name)
	switch {
	case isEvidence && of == "":
		return v.side(f, tee, h)
	case len(v.beside) > 0:
		return fmt.Errorf("%w: %q stands where %q is wanted", ErrBundle, f.Name, v.beside[0].name)
	case isEvidence:
		return v.document(f, sha, of, tee, h)
	case f.Name == verdictsName, f.Name == scriptName:
		text, err := whole(f, tee, h)
		if err == nil && f.Name == verdictsName {
			v.recorded, err = readVerdicts(text)
		} else if err == nil && !bytes.Equal(text, Script()) {
			err = fmt.Errorf("%w: %s is not the script that was released", ErrBundle, f.Name)
		}
		return err
	}
	return drained(f, tee, h)
}

// side holds what stands beside an attestation to what was made of that.
func (v *verification) side(f sealed.File, r io.Reader, h hash.Hash) error {
	if len(v.beside) == 0 || v.beside[0].name != f.Name || v.beside[0].kind != f.Kind {
		return fmt.Errorf("%w: %q belongs to no document", ErrBundle, f.Name)
	}
	text, err := whole(f, r, h)
	if err == nil && !bytes.Equal(text, v.beside[0].content) {
		err = fmt.Errorf("%w: %s is not what the attestation has", ErrBundle, f.Name)
	}
	v.beside = v.beside[1:]
	return err
}

// document verifies evidence by itself. What does not verify fails the bundle, unless whoever made it recorded so.
func (v *verification) document(f sealed.File, sha string, of kind.Kind, r io.Reader, h hash.Hash) error {
	if f.SHA256 != sha || f.Kind != string(of) {
		return fmt.Errorf("%w: %s is not named by its SHA-256 and kind", ErrBundle, f.Name)
	}
	if _, listed := v.recorded[sha]; !listed {
		return fmt.Errorf("%w: %s is not in %s", ErrBundle, f.Name, verdictsName)
	}
	judge := map[kind.Kind]func(sealed.File, string, io.Reader, hash.Hash) (bool, string, error){
		kind.Bundle: v.attestation, kind.DSSE: v.attestation, kind.SBOMArchive: v.sbomArchive,
	}[of]
	if judge == nil {
		v.line(f, report.Passed, "its SHA-256 is signed; nothing in it is a signature that is verified here")
		return drained(f, r, h)
	}
	ok, why, err := judge(f, sha, r, h)
	switch {
	case err != nil:
		return err
	case ok:
		v.verified++
		v.line(f, report.Passed, why)
	case v.recorded[sha] == "refused":
		v.refused++
		v.line(f, report.NotDone, "not verified, and recorded so: "+why)
	default:
		v.line(f, report.Wrong, why)
		if v.wrong == nil {
			v.wrong = fmt.Errorf("%s: %s", f.Name, why)
		}
	}
	return nil
}

func (v *verification) line(f sealed.File, s report.State, reason string) {
	v.report.Files = append(v.report.Files, report.File{Name: f.Name, Kind: f.Kind, State: s, Reason: reason})
}

func (v *verification) attestation(f sealed.File, sha string, r io.Reader, h hash.Hash) (bool, string, error) {
	text, err := whole(f, r, h)
	if err != nil {
		return false, "", err
	}
	docs, err := attest.Parse(text)
	if err != nil || len(docs) != 1 {
		return false, "", fmt.Errorf("%w: %s is not one attestation: %w", ErrBundle, f.Name, err)
	}
	if v.beside, err = besides(kind.Kind(f.Kind), sha, text); err != nil {
		return false, "", err
	}
	verdict := v.want.Verifier.Verify(docs[0], attest.Expect{})
	if !verdict.Verified {
		return false, verdict.Reason, nil
	}
	return true, verdict.Established.PredicateType + ", signed by " + signerOf(verdict.Established), nil
}

func signerOf(e attest.Established) string {
	switch {
	case e.Signer == nil:
		return "an accepted signer"
	case len(e.Signer.Keys) > 0:
		return "the key " + e.Signer.Keys[0].Name
	}
	return e.Signer.Identity
}

func (v *verification) sbomArchive(f sealed.File, _ string, r io.Reader, h hash.Hash) (bool, string, error) {
	a, err := sbom.Verify(r, sbom.Expect{Verifier: v.want.Verifier, Read: sbom.ReadDocument})
	if err != nil {
		return false, "", err
	}
	if err := drained(f, r, h); err != nil {
		return false, "", err
	}
	return a.Verified, cut(a), nil
}

func cut(a *report.Archive) string {
	if a.Verified {
		return "a signed SBOM archive, every check passed"
	}
	return a.Reason
}

// whole reads a file that is small enough to be in memory, and holds it to its digest.
func whole(f sealed.File, r io.Reader, h hash.Hash) ([]byte, error) {
	if f.Size > maxAttestation {
		return nil, fmt.Errorf("%w: %s has %d bytes, more than %d", ErrBundle, f.Name, f.Size, maxAttestation)
	}
	text, err := io.ReadAll(r)
	if err == nil {
		err = held(f, int64(len(text)), h)
	}
	return text, err
}

// drained reads what is left of a file, and holds all of it to its digest.
func drained(f sealed.File, r io.Reader, h hash.Hash) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	return held(f, f.Size, h)
}

func held(f sealed.File, size int64, h hash.Hash) error {
	if got := hex.EncodeToString(h.Sum(nil)); got != f.SHA256 || size != f.Size {
		return fmt.Errorf("%w: %s has the SHA-256 %s, and the manifest says %s", ErrBundle, f.Name, got, f.SHA256)
	}
	return nil
}

// readVerdicts gives the recorded verdicts by SHA-256.
func readVerdicts(text []byte) (map[string]string, error) {
	documents, err := parseVerdicts(text)
	if err != nil {
		return nil, err
	}
	recorded := map[string]string{}
	for _, d := range documents {
		recorded[d.SHA256] = d.Verdict
	}
	return recorded, nil
}

// parseVerdicts reads what verdicts wrote and nothing else.
func parseVerdicts(text []byte) ([]Document, error) {
	var documents []Document
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&documents); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBundle, verdictsName, err)
	}
	if again, err := verdicts(documents); err != nil || !bytes.Equal(again, text) {
		return nil, fmt.Errorf("%w: %s is not in its one form", ErrBundle, verdictsName)
	}
	return documents, nil
}
