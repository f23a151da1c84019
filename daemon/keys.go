package daemon

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/daemon/rpc"
	"stellad/daemon/signing"
	"stellad/keys"
)

type keyService struct {
	stellav1.UnimplementedKeyServiceServer
	daemon *Daemon
}

// signer returns what signs, or signing.ErrNoKeys.
func (d *Daemon) signer() (*signs, error) {
	if s := d.signs.Load(); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%w: stellad.toml names no hsm", signing.ErrNoKeys)
}

// act is the record of a call, to be filled in.
func act(ctx context.Context) audit.Record { return rpc.Entry(ctx).Draft("") }

func (s *keyService) ListKeys(context.Context, *stellav1.ListKeysRequest) (*stellav1.ListKeysResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	all, err := signs.List()
	if err != nil {
		return nil, err
	}
	resp := &stellav1.ListKeysResponse{}
	for _, e := range all {
		resp.Keys = append(resp.Keys, keyOf(e))
	}
	return resp, nil
}

func (s *keyService) GenerateKey(ctx context.Context, req *stellav1.GenerateKeyRequest) (*stellav1.GenerateKeyResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	k := audit.KeySpec{Label: req.GetLabel(), Role: req.GetRole(), Algorithm: req.GetAlgorithm()}
	if req.GetEscrowable() {
		k.Custody = "escrowable"
	}
	e, err := signs.Generate(ctx, act(ctx), k)
	if err != nil {
		return nil, err
	}
	s.daemon.followKeys(ctx, signs)
	return &stellav1.GenerateKeyResponse{Key: keyOf(e)}, nil
}

func (s *keyService) RotateKey(ctx context.Context, req *stellav1.RotateKeyRequest) (*stellav1.RotateKeyResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	if err := signs.InSlot(ctx, req.GetSlot()); err != nil {
		return nil, err
	}
	role := req.GetRole()
	if role == "" {
		role = keys.Attestation
	}
	from, to, err := signs.Rotate(ctx, act(ctx), role, req.GetOld(), req.GetNewLabel())
	if err != nil {
		return nil, err
	}
	s.daemon.followKeys(ctx, signs)
	resp := &stellav1.RotateKeyResponse{Old: keyOf(from), New: keyOf(to)}
	resp.Verified, resp.Failed, err = signs.Reverify(ctx, from.SHA256())
	return resp, err
}

func (s *keyService) DestroyKey(ctx context.Context, req *stellav1.DestroyKeyRequest) (*stellav1.DestroyKeyResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	e, err := signs.Destroy(ctx, act(ctx), req.GetKey())
	if err != nil {
		return nil, err
	}
	return &stellav1.DestroyKeyResponse{Key: keyOf(e)}, nil
}

func (s *keyService) MarkKeyCompromised(ctx context.Context, req *stellav1.MarkKeyCompromisedRequest) (*stellav1.MarkKeyCompromisedResponse, error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return nil, err
	}
	if req.GetSince().CheckValid() != nil || len(req.GetReason()) > maxReason {
		return nil, fmt.Errorf("%w: a time is wanted, and a reason of at most %d bytes", rpc.ErrBadRequest, maxReason)
	}
	e, err := signs.MarkCompromised(ctx, act(ctx), req.GetKey(), req.GetSince().AsTime(), req.GetReason())
	if err != nil {
		return nil, err
	}
	s.daemon.followKeys(ctx, signs)
	return &stellav1.MarkKeyCompromisedResponse{Key: keyOf(e)}, nil
}

// maxReason bounds what is written beside a record.
const maxReason = 1024

func keyOf(e keys.Entry) *stellav1.ApplianceKey {
	return &stellav1.ApplianceKey{
		Label: e.Label, Role: e.Role, State: string(e.State()), Algorithm: e.Algorithm, Custody: e.Custody, Backend: e.Backend,
		Sha256: e.SHA256(), PublicKey: e.Public, Id: e.ID, Made: timestamp(e.Made), From: timestamp(e.From),
		Until: timestamp(e.Until), Compromised: timestamp(e.Compromised), Destroyed: timestamp(e.Destroyed), Successor: e.Successor, Chain: e.Chain,
	}
}

func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
