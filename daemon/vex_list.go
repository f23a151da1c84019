package daemon

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/daemon/rpc"
	"stellad/evidence"
	"stellad/evidence/kind"
	"stellad/policy"
	"stellad/policy/vex"
)

// maxListed bounds the statements of one answer, and maxRead the documents that are read for it.
const (
	maxListed = 1000
	maxRead   = 20_000
)

// said is a statement in evidence, and who stands for it.
type said struct {
	vex.Statement

	format   string
	verified bool
	signers  []string
}

func (s *vexService) ListVEX(ctx context.Context, req *stellav1.ListVEXRequest) (*stellav1.ListVEXResponse, error) {
	h := s.daemon.held.Load()
	f := evidence.Filter{}
	if req.GetArtifact() != "" {
		var err error
		if f.Artifact, err = h.artifact(req.GetArtifact()); err != nil {
			return nil, err
		}
	}
	resp := &stellav1.ListVEXResponse{}
	read := 0
	err := h.each(f, func(e evidence.Entry) error {
		if read++; read > maxRead {
			return fmt.Errorf("%w: there are more than %d documents: name an artifact", rpc.ErrBadRequest, maxRead)
		}
		all, err := s.statements(ctx, e)
		for i := range all {
			if v := req.GetVulnerability(); v == "" || slices.ContainsFunc(all[i].Names(), func(n string) bool { return strings.EqualFold(n, v) }) {
				resp.Statements = append(resp.Statements, vexOf(e, all[i]))
			}
		}
		return err
	})
	slices.SortStableFunc(resp.GetStatements(), func(a, b *stellav1.VEXStatement) int { return strings.Compare(a.GetMade(), b.GetMade()) })
	resp.Statements = resp.GetStatements()[max(0, len(resp.GetStatements())-maxListed):]
	return resp, err
}

// statements reads those of a document: none where it is no VEX, or is none that can be read.
func (s *vexService) statements(ctx context.Context, e evidence.Entry) ([]said, error) {
	k := kind.Kind(e.Kind)
	if !slices.Contains([]kind.Kind{kind.OpenVEX, kind.CSAF, kind.Bundle, kind.DSSE}, k) {
		return nil, nil
	}
	x, err := s.daemon.examiner(rpc.Actor(ctx).UID)
	if err != nil {
		return nil, err
	}
	text, err := x.text(e)
	if err != nil {
		return nil, err
	}
	if k == kind.OpenVEX || k == kind.CSAF {
		return statementsOf(text, k, said{}), nil
	}
	return x.attestedVEX(ctx, text)
}

// attestedVEX reads the VEX that an attestation has, and verifies it by the trust root in force.
func (x *examiner) attestedVEX(ctx context.Context, text []byte) ([]said, error) {
	docs, err := attest.Parse(text)
	if err != nil || len(docs) != 1 {
		return nil, err
	}
	_, predicate, err := docs[0].Predicate()
	if err != nil {
		return nil, nil //nolint:nilerr // it is no statement, and so no VEX
	}
	k, err := kind.Of(bytes.NewReader(predicate))
	if err != nil {
		return nil, nil //nolint:nilerr // likewise
	}
	by, err := x.whose(ctx, docs[0])
	if err != nil {
		return nil, err
	}
	return statementsOf(predicate, k, by), nil
}

// whose tells who stands for an attestation.
func (x *examiner) whose(ctx context.Context, doc *attest.Document) (by said, err error) {
	if x.verifier == nil {
		return by, nil
	}
	if err := x.daemon.turns.Take(ctx, x.uid); err != nil {
		return by, err
	}
	defer x.daemon.turns.Give()
	verdict := x.verifier.Verify(doc, attest.Expect{})
	if by.verified = verdict.Verified; by.verified {
		for _, signer := range signersOf(verdict.Established.Signer) {
			by.signers = append(by.signers, signer.Name)
		}
	}
	return by, nil
}

// formats are the names by which package vex knows kinds.
var formats = map[kind.Kind]string{kind.OpenVEX: vex.OpenVEX, kind.CSAF: vex.CSAF, kind.CycloneDX: vex.CycloneDX}

func statementsOf(text []byte, k kind.Kind, by said) (all []said) {
	list, err := vex.Parse(formats[k], text)
	if err != nil {
		return nil
	}
	by.format = formats[k]
	for _, one := range list {
		by.Statement = one
		all = append(all, by)
	}
	return all
}

// first tells of the only statement of a document that was made here.
func first(e evidence.Entry, text []byte) *stellav1.VEXStatement {
	all := statementsOf(text, kind.OpenVEX, said{verified: e.Verdict == evidence.Verified})
	if len(all) == 0 {
		return nil
	}
	return vexOf(e, all[0])
}

func vexOf(e evidence.Entry, s said) *stellav1.VEXStatement {
	v := &stellav1.VEXStatement{
		Id: fmt.Sprintf("%s/%d", e.Blob, s.Index), Vulnerability: s.Vulnerability, Status: s.Status, Justification: s.Justification,
		ImpactStatement: s.Impact, ActionStatement: s.Action, Author: s.Author, Made: policy.Instant(s.Made), Expires: policy.Instant(s.Expires),
		Format: s.format, Verified: s.verified, Signers: s.signers, Artifacts: slices.Concat(e.Subjects, e.Artifacts),
	}
	for _, p := range s.Products {
		v.Products = append(v.Products, p.PURLs...)
		v.Products = append(v.Products, p.Digests...)
		for _, part := range p.Subcomponents {
			v.Products = append(v.Products, part.PURLs...)
		}
	}
	return v
}
