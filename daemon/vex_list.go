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
	switch k := kind.Kind(e.Kind); k {
	case kind.OpenVEX, kind.CSAF:
		text, err := s.text(ctx, e)
		return statementsOf(text, k, said{}), err
	case kind.Bundle, kind.DSSE:
		return s.attested(ctx, e)
	}
	return nil, nil
}

func (s *vexService) text(ctx context.Context, e evidence.Entry) ([]byte, error) {
	x, err := s.daemon.examiner(rpc.Actor(ctx).UID)
	if err != nil {
		return nil, err
	}
	return (&gathering{examiner: x}).text(e)
}

// attested reads the VEX that an attestation has, and verifies it by the trust root in force.
func (s *vexService) attested(ctx context.Context, e evidence.Entry) ([]said, error) {
	x, err := s.daemon.examiner(rpc.Actor(ctx).UID)
	if err != nil {
		return nil, err
	}
	text, err := (&gathering{examiner: x}).text(e)
	if err != nil {
		return nil, err
	}
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
	by := said{}
	if x.verifier != nil {
		if err := s.daemon.turns.Take(ctx, x.uid); err != nil {
			return nil, err
		}
		verdict := x.verifier.Verify(docs[0], attest.Expect{})
		s.daemon.turns.Give()
		by.verified = verdict.Verified
		if verdict.Verified && verdict.Established.Signer != nil {
			for _, signer := range (&gathering{examiner: x, assembly: policy.NewAssembly("")}).signers(verdict.Established.Signer) {
				by.signers = append(by.signers, signer.Name)
			}
		}
	}
	return statementsOf(predicate, k, by), nil
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
