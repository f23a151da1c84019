package daemon

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/grpc"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest/report"
	"stellad/audit"
	"stellad/daemon/rpc"
	"stellad/daemon/verdicts"
	"stellad/evidence"
	"stellad/evidence/bundle"
)

// maxBundle bounds an evidence bundle, in bytes.
const maxBundle = 8 << 30

// ImportEvidence looks at all of a bundle before any of it is kept: it verifies as a whole, and each document is evidence
// here. A crash while they are written down leaves some, each of which verifies by itself; the same import again adds the
// others.
func (s *evidenceService) ImportEvidence(stream grpc.ClientStreamingServer[stellav1.ImportEvidenceRequest, stellav1.ImportEvidenceResponse]) error {
	ctx := stream.Context()
	held := s.daemon.held.Load()
	staged, err := held.content.Stage(&pieces{next: func() ([]byte, error) {
		req, err := stream.Recv()
		return req.GetContent(), err
	}}, maxBundle)
	if err != nil {
		return err
	}
	defer staged.Discard()
	x, err := s.daemon.examiner(rpc.Actor(ctx).UID)
	if err != nil {
		return err
	}
	open := func() (io.ReadCloser, error) { return staged.Open() }
	verified, err := x.bundle(ctx, open)
	if err != nil {
		return err
	}
	all, err := held.stageAll(ctx, open, x)
	defer func() {
		for _, one := range all {
			one.Discard()
		}
	}()
	if err != nil {
		return err
	}
	resp := &stellav1.ImportEvidenceResponse{Signer: bundleSigner(verified)}
	if err := held.keepAll(ctx, act(ctx), all, resp); err != nil {
		return err
	}
	return stream.SendAndClose(resp)
}

// bundle verifies a bundle: one that does not is refused.
func (x *examiner) bundle(ctx context.Context, content evidence.Content) (a *report.Archive, err error) {
	if x.verifier == nil {
		return nil, verdicts.ErrNoTrust
	}
	if err := x.daemon.reading.Take(ctx, x.uid); err != nil {
		return nil, err
	}
	defer x.daemon.reading.Give()
	err = read(content, func(r io.Reader) error {
		a, err = bundle.Verify(r, bundle.Expect{Verifier: x.verifier})
		return err
	})
	if err == nil && !a.Verified {
		err = fmt.Errorf("%w that verifies here: %s", bundle.ErrBundle, a.Reason)
	}
	return a, err
}

func bundleSigner(a *report.Archive) string {
	s := a.Verdict.Established.Signer
	switch {
	case s == nil:
		return ""
	case len(s.Keys) > 0:
		return s.Keys[0].Name
	}
	return s.Identity
}

// stageAll examines every document of a bundle. What it staged is the caller's to discard, with an error too.
func (h *held) stageAll(ctx context.Context, content evidence.Content, x *examiner) (all []*evidence.Staged, err error) {
	err = read(content, func(r io.Reader) error {
		return bundle.Documents(r, func(d bundle.Document, text io.Reader) error {
			for _, a := range d.Artifacts {
				if !audit.IsArtifact(a) {
					return fmt.Errorf("%w: artifact %.80q", bundle.ErrBundle, a)
				}
			}
			one, err := h.Stage(ctx, evidence.Addition{Content: text, Limit: maxEvidence, Artifacts: d.Artifacts, Examine: x.examine})
			if err != nil {
				return fmt.Errorf("document sha256:%s: %w", d.SHA256, err)
			}
			all = append(all, one)
			return nil
		})
	})
	return all, err
}

// keepAll makes all of it evidence, and counts.
func (h *held) keepAll(ctx context.Context, act audit.Record, all []*evidence.Staged, resp *stellav1.ImportEvidenceResponse) error {
	for _, one := range all {
		e, added, err := h.Keep(ctx, act, one)
		if err != nil {
			return fmt.Errorf("%w; %d of %d documents are kept: import it again", err, resp.GetAdded()+resp.GetKnown(), len(all))
		}
		if added {
			resp.Added++
		} else {
			resp.Known++
		}
		if e.Verdict == evidence.Verified {
			resp.Verified++
		}
	}
	return nil
}
