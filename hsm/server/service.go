package server

import (
	"context"

	"stellad/hsm"
	"stellad/hsm/hsmpb"
)

// service turns messages into a back end's questions, and its answers into messages.
type service struct {
	hsmpb.UnimplementedHSMServiceServer
	backend Backend
	calls   underWay
}

// GetStatus is of the contract.
func (s *service) GetStatus(ctx context.Context, _ *hsmpb.GetStatusRequest) (*hsmpb.GetStatusResponse, error) {
	status, err := s.backend.Status(ctx)
	return status.Proto(), err
}

// ListTokens is of the contract.
func (s *service) ListTokens(ctx context.Context, _ *hsmpb.ListTokensRequest) (*hsmpb.ListTokensResponse, error) {
	tokens, err := s.backend.Tokens(ctx)
	res := &hsmpb.ListTokensResponse{}
	for _, t := range tokens {
		res.Tokens = append(res.Tokens, t.Proto())
	}
	return res, err
}

// GenerateKey is of the contract.
func (s *service) GenerateKey(ctx context.Context, r *hsmpb.GenerateKeyRequest) (*hsmpb.GenerateKeyResponse, error) {
	key, err := s.backend.Generate(ctx, hsm.Template{
		Label: r.GetLabel(), Algorithm: hsm.Algorithm(r.GetAlgorithm()), Custody: hsm.Custody(r.GetEscrowable()),
	})
	return &hsmpb.GenerateKeyResponse{Key: key.Proto()}, err
}

// CreateWrappingKey is of the contract.
func (s *service) CreateWrappingKey(ctx context.Context, r *hsmpb.CreateWrappingKeyRequest) (*hsmpb.CreateWrappingKeyResponse, error) {
	defer clear(r.GetValue())
	key, err := s.backend.CreateWrapping(ctx, r.GetLabel(), r.GetValue())
	return &hsmpb.CreateWrappingKeyResponse{Key: key.Proto()}, err
}

// ListKeys is of the contract.
func (s *service) ListKeys(ctx context.Context, _ *hsmpb.ListKeysRequest) (*hsmpb.ListKeysResponse, error) {
	keys, err := s.backend.Keys(ctx)
	res := &hsmpb.ListKeysResponse{}
	for _, k := range keys {
		res.Keys = append(res.Keys, k.Proto())
	}
	return res, err
}

// FindKey is of the contract.
func (s *service) FindKey(ctx context.Context, r *hsmpb.FindKeyRequest) (*hsmpb.FindKeyResponse, error) {
	key, err := s.backend.Find(ctx, hsm.ReferenceOf(r.GetKey()))
	return &hsmpb.FindKeyResponse{Key: key.Proto()}, err
}

// DestroyKey is of the contract.
func (s *service) DestroyKey(ctx context.Context, r *hsmpb.DestroyKeyRequest) (*hsmpb.DestroyKeyResponse, error) {
	return &hsmpb.DestroyKeyResponse{}, s.backend.Destroy(ctx, hsm.ReferenceOf(r.GetKey()))
}

// WrapKey is of the contract.
func (s *service) WrapKey(ctx context.Context, r *hsmpb.WrapKeyRequest) (*hsmpb.WrapKeyResponse, error) {
	wrapped, err := s.backend.Wrap(ctx, hsm.ReferenceOf(r.GetWith()), hsm.ReferenceOf(r.GetKey()), hsm.Mechanism(r.GetMechanism()))
	return &hsmpb.WrapKeyResponse{Wrapped: wrapped}, err
}

// UnwrapKey is of the contract.
func (s *service) UnwrapKey(ctx context.Context, r *hsmpb.UnwrapKeyRequest) (*hsmpb.UnwrapKeyResponse, error) {
	key, err := s.backend.Unwrap(ctx, hsm.Unwrapping{
		With: hsm.ReferenceOf(r.GetWith()), Wrapped: r.GetWrapped(), Mechanism: hsm.Mechanism(r.GetMechanism()),
		Label: r.GetLabel(), ID: r.GetId(), Public: r.GetPublicKey(), Custody: hsm.Custody(r.GetEscrowable()),
	})
	return &hsmpb.UnwrapKeyResponse{Key: key.Proto()}, err
}

// PutObject is of the contract.
func (s *service) PutObject(ctx context.Context, r *hsmpb.PutObjectRequest) (*hsmpb.PutObjectResponse, error) {
	return &hsmpb.PutObjectResponse{}, s.backend.PutObject(ctx, r.GetLabel(), r.GetValue())
}

// GetObject is of the contract.
func (s *service) GetObject(ctx context.Context, r *hsmpb.GetObjectRequest) (*hsmpb.GetObjectResponse, error) {
	value, err := s.backend.GetObject(ctx, r.GetLabel())
	return &hsmpb.GetObjectResponse{Value: value}, err
}

// DeleteObject is of the contract.
func (s *service) DeleteObject(ctx context.Context, r *hsmpb.DeleteObjectRequest) (*hsmpb.DeleteObjectResponse, error) {
	return &hsmpb.DeleteObjectResponse{}, s.backend.DeleteObject(ctx, r.GetLabel())
}
