package daemon

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest/sign"
	"stellad/daemon/rpc"
	"stellad/evidence"
	"stellad/policy/vex"
)

type vexService struct {
	stellav1.UnimplementedVEXServiceServer
	daemon *Daemon
}

// openVEX is the predicate type of a statement that has an OpenVEX document: https://github.com/openvex/spec, attestation.
const openVEX = "https://openvex.dev/ns/v0.2.0"

func (s *vexService) AddVEX(ctx context.Context, req *stellav1.AddVEXRequest) (*stellav1.AddVEXResponse, error) {
	artifact, err := s.artifact(ctx, req)
	if err != nil {
		return nil, err
	}
	product := vex.Product{Digests: []string{artifact}}
	for _, purl := range req.GetProducts() {
		product.Subcomponents = append(product.Subcomponents, vex.Product{PURLs: []string{purl}})
	}
	made, err := s.daemon.statedAt(ctx, req.GetVulnerability())
	if err != nil {
		return nil, err
	}
	r := vex.Request{
		Vulnerability: req.GetVulnerability(), Status: req.GetStatus(), Justification: req.GetJustification(), Impact: req.GetImpactStatement(),
		Action: req.GetActionStatement(), Products: []vex.Product{product}, Author: s.author(ctx), Time: made,
	}
	if req.GetExpires() != nil {
		r.Expires = req.GetExpires().AsTime()
	}
	text, err := vex.New(r)
	if err != nil {
		return nil, err
	}
	if !req.GetSign() {
		e, err := s.daemon.takeIn(ctx, text, artifact)
		return &stellav1.AddVEXResponse{Statement: first(e, text)}, err
	}
	e, err := s.state(ctx, req.GetKey(), text, artifact)
	return &stellav1.AddVEXResponse{Statement: first(e, text)}, err
}

// state signs a document about artifacts, and takes it in.
func (s *vexService) state(ctx context.Context, key string, text []byte, artifacts ...string) (evidence.Entry, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return evidence.Entry{}, err
	}
	if key, err = signs.attestationKey(key); err != nil {
		return evidence.Entry{}, err
	}
	signed, err := signs.state(ctx, key, sign.Predicate{Type: openVEX, JSON: text}, artifacts...)
	if err != nil {
		return evidence.Entry{}, err
	}
	return s.daemon.takeIn(ctx, signed)
}

// takeIn adds evidence that was made here.
func (d *Daemon) takeIn(ctx context.Context, text []byte, artifacts ...string) (evidence.Entry, error) {
	x, err := d.examiner(rpc.Actor(ctx).UID)
	if err != nil {
		return evidence.Entry{}, err
	}
	e, _, err := d.held.Load().Add(ctx, act(ctx), evidence.Addition{
		Content: bytes.NewReader(text), Limit: maxEvidence, Artifacts: artifacts, Examine: x.examine,
	})
	return e, err
}

func (s *vexService) author(ctx context.Context) string {
	return fmt.Sprintf("uid %d of %s", rpc.Actor(ctx).UID, s.daemon.genesis.Load().Name)
}

// statedAt is the time of a new statement on a vulnerability, to the second: later than those that were made here before,
// for the later one stands. Who asks again within the second waits for the next.
func (d *Daemon) statedAt(ctx context.Context, vulnerability string) (time.Time, error) {
	d.stating.Lock()
	defer d.stating.Unlock()
	for {
		now := time.Now().UTC().Truncate(time.Second)
		if d.stated[vulnerability].Before(now) {
			maps.DeleteFunc(d.stated, func(_ string, made time.Time) bool { return made.Before(now) })
			d.stated[vulnerability] = now
			return now, nil
		}
		select {
		case <-time.After(time.Until(now.Add(time.Second))):
		case <-ctx.Done():
			return now, ctx.Err()
		}
	}
}

// WithdrawVEX states the opposite of nothing: that it is looked into, which takes no finding out.
func (s *vexService) WithdrawVEX(ctx context.Context, req *stellav1.WithdrawVEXRequest) (*stellav1.WithdrawVEXResponse, error) {
	e, was, err := s.find(ctx, req.GetId())
	if err != nil {
		return nil, err
	}
	made, err := s.daemon.statedAt(ctx, was.Vulnerability)
	if err != nil {
		return nil, err
	}
	document := was.Document
	if document == "" {
		document = "sha256:" + e.Blob
	}
	text, err := vex.Withdraw(was, document, s.author(ctx), made, req.GetReason())
	if err != nil {
		return nil, err
	}
	now, err := s.state(ctx, req.GetKey(), text, e.Subjects...)
	return &stellav1.WithdrawVEXResponse{Statement: first(now, text)}, err
}

// find finds the statement that an ID or a prefix of its document's SHA-256 names.
func (s *vexService) find(ctx context.Context, id string) (evidence.Entry, vex.Statement, error) {
	digits, place, placed := strings.Cut(id, "/")
	e, err := s.daemon.held.Load().document(digits)
	if err != nil {
		return e, vex.Statement{}, err
	}
	if len(e.Subjects) == 0 {
		return e, vex.Statement{}, fmt.Errorf("%w: %s is no verified statement: it counts for nothing", rpc.ErrBadRequest, e.Blob)
	}
	all, err := s.statements(ctx, e)
	if err != nil {
		return e, vex.Statement{}, err
	}
	if len(all) == 0 {
		return e, vex.Statement{}, fmt.Errorf("%w: %s has no VEX that can be read", rpc.ErrBadRequest, e.Blob)
	}
	if !placed && len(all) == 1 {
		return e, all[0].Statement, nil
	}
	n, err := strconv.Atoi(place)
	if err != nil || n < 0 || n >= len(all) {
		return e, vex.Statement{}, fmt.Errorf("%w: %s has %d statements on vulnerabilities: name one as %.12s/0, from 0 on", rpc.ErrBadRequest, e.Blob, len(all), e.Blob)
	}
	return e, all[n].Statement, nil
}
