package daemon

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"google.golang.org/grpc"

	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/daemon/rpc"
	"stellad/policy/bundle"
	"stellad/policy/signature"
	"stellad/policy/worker"
)

// LoadPolicy takes a bundle in that can be evaluated and that somebody signed who may.
func (s *policyService) LoadPolicy(stream grpc.ClientStreamingServer[stellav1.LoadPolicyRequest, stellav1.LoadPolicyResponse]) error {
	ctx := stream.Context()
	first, err := stream.Recv()
	if err != nil {
		return fmt.Errorf("%w: no bundle: %w", rpc.ErrBadRequest, err)
	}
	text, err := bundleText(first.GetContent(), func() ([]byte, error) {
		req, err := stream.Recv()
		return req.GetContent(), err
	})
	if err != nil {
		return err
	}
	summary, err := s.daemon.checkBundle(ctx, text)
	if err != nil {
		return err
	}
	load := s.taken
	if first.GetSign() {
		load = func(ctx context.Context, text []byte, summary *worker.Summary) (string, error) {
			return s.signed(ctx, text, first.GetKey(), summary)
		}
	}
	name, err := load(ctx, text, summary)
	if err != nil {
		return err
	}
	b, err := s.daemon.held.Load().policies.Find(name)
	if err != nil {
		return err
	}
	return stream.SendAndClose(&stellav1.LoadPolicyResponse{Bundle: bundleOf(b), Environments: summary.Environments})
}

// bundleText reads a bundle that comes by pieces.
func bundleText(first []byte, next func() ([]byte, error)) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(&pieces{rest: first, next: next}, bundle.MaxSize+1))
	if err == nil && len(text) > bundle.MaxSize {
		err = fmt.Errorf("%w: more than %d MiB", bundle.ErrBundle, bundle.MaxSize>>20)
	}
	return text, err
}

// checkBundle has a bundle compiled, by a process of its own.
func (d *Daemon) checkBundle(ctx context.Context, text []byte) (*worker.Summary, error) {
	if _, err := bundle.Read(text); err != nil {
		return nil, err
	}
	if err := d.reading.Take(ctx, rpc.Actor(ctx).UID); err != nil {
		return nil, err
	}
	defer d.reading.Give()
	return worker.Command(policyWorker).Check(text)
}

// taken records a bundle that somebody signed already.
func (s *policyService) taken(ctx context.Context, text []byte, summary *worker.Summary) (string, error) {
	accepted, err := s.daemon.policySigners()
	if err != nil {
		return "", err
	}
	files, err := bundle.Read(text)
	if err != nil {
		return "", err
	}
	by, err := signature.Verify(files, accepted)
	if err != nil {
		return "", err
	}
	id, err := signature.ID(by.Public)
	if err != nil {
		return "", err
	}
	return s.record(ctx, text, audit.Bundle{Key: id}, summary)
}

// signed has a policy key sign a bundle, and records it as what the intent came to.
func (s *policyService) signed(ctx context.Context, text []byte, key string, summary *worker.Summary) (name string, err error) {
	signs, err := s.daemon.signer()
	if err != nil {
		return "", err
	}
	files, err := bundle.Read(text)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	err = signs.SignPolicy(ctx, act(ctx), key, hex.EncodeToString(sum[:]), func(signer crypto.Signer, keySHA256 string, intent uint64) error {
		signed, err := signature.Sign(files, signer)
		if err != nil {
			return err
		}
		packed, err := bundle.Pack(signed)
		if err != nil {
			return err
		}
		name, err = s.record(ctx, packed, audit.Bundle{Key: keySHA256, Intent: intent}, summary)
		return err
	})
	return name, err
}

func (s *policyService) record(ctx context.Context, text []byte, b audit.Bundle, summary *worker.Summary) (string, error) {
	policies := s.daemon.held.Load().policies
	name, err := policies.Put(text)
	if err != nil {
		return "", err
	}
	b.Blob, b.Size = name, uint64(len(text))
	if audit.IsToken(summary.Revision) {
		b.Revision = summary.Revision
	}
	return name, policies.Take(ctx, act(ctx), b)
}
