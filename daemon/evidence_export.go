package daemon

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/grpc"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/trust"
	"stellad/daemon/ledger"
	"stellad/daemon/rpc"
	"stellad/daemon/signing"
	"stellad/evidence"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
	"stellad/internal/archive"
	"stellad/keys"
)

// maxArtifacts bounds the artifacts of a bundle: the statement that is signed has them as subjects.
const maxArtifacts = 1000

func (s *evidenceService) ExportEvidence(req *stellav1.ExportEvidenceRequest, stream grpc.ServerStreamingServer[stellav1.ExportEvidenceResponse]) error {
	ctx := stream.Context()
	signs, err := s.daemon.signer()
	if err != nil {
		return err
	}
	in, err := s.daemon.toExport(req.GetArtifacts())
	if err != nil {
		return err
	}
	draft, err := bundle.NewDraft(in)
	if err != nil {
		return err
	}
	key := req.GetKey()
	if key == "" {
		e, err := signs.TheActive(keys.Attestation)
		if err != nil {
			return err
		}
		key = e.SHA256()
	}
	predicate := draft.Predicate()
	signed, _, err := signs.Sign(ctx, act(ctx), signing.Request{Key: key, Subjects: draft.Subjects(), Predicate: &predicate})
	if err != nil {
		return err
	}
	return draft.Write(pieceWriter(func(piece []byte) error {
		return stream.Send(&stellav1.ExportEvidenceResponse{Content: piece})
	}), signed)
}

// toExport gathers the evidence of artifacts, and what goes with it.
func (d *Daemon) toExport(artifacts []string) (in bundle.Input, err error) {
	if len(artifacts) == 0 || len(artifacts) > maxArtifacts {
		return in, fmt.Errorf("%w: artifacts: from 1 to %d", rpc.ErrBadRequest, maxArtifacts)
	}
	index := d.held.Load()
	found := map[string]evidence.Entry{}
	for _, text := range artifacts {
		artifact, err := index.artifact(text)
		if err != nil {
			return in, err
		}
		if err := index.gather(artifact, found); err != nil {
			return in, err
		}
		if subject, is := subjectOf(artifact); is && !slices.ContainsFunc(in.Artifacts, func(s attest.Subject) bool { return s.String() == subject.String() }) {
			in.Artifacts = append(in.Artifacts, subject)
		}
	}
	for _, e := range found {
		in.Documents = append(in.Documents, bundle.Document{
			SHA256: e.Blob, Kind: kind.Kind(e.Kind), Verdict: e.Verdict, Trust: e.Trust, Artifacts: e.Artifacts, Size: int64(e.Size),
			Open: func() (io.ReadCloser, error) { return index.Open(e) },
		})
	}
	return in, d.around(&in)
}

// gather adds all evidence of an artifact: there must be some.
func (h *held) gather(artifact string, found map[string]evidence.Entry) error {
	none := true
	err := h.each(evidence.Filter{Artifact: artifact}, func(e evidence.Entry) error {
		none, found[e.Blob] = false, e
		return nil
	})
	if err == nil && none {
		err = fmt.Errorf("%w of %s", evidence.ErrUnknown, artifact)
	}
	return err
}

// each goes through all evidence that a filter selects, in the log's order.
func (h *held) each(f evidence.Filter, do func(evidence.Entry) error) error {
	for from, more := uint64(0), true; more; more = from > 0 {
		page, next, err := h.List(f, from, evidence.MaxPage)
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := do(e); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

// subjectOf names an artifact in a statement, where its SHA-256 is known.
func subjectOf(artifact string) (attest.Subject, bool) {
	digits, is := strings.CutPrefix(artifact, "sha256:")
	return attest.Subject{Digest: map[string]string{"sha256": digits}}, is
}

// around adds what stands around the documents: checkpoint, trust root and policy as they are now.
func (d *Daemon) around(in *bundle.Input) error {
	note, err := d.ledger.Load().Checkpoint()
	if err != nil {
		return err
	}
	name := d.genesis.Load().Name
	in.Checkpoints = map[string][]byte{strings.ReplaceAll(ledger.Origin(name), "/", "-"): note}
	files, err := trust.Files(d.config.Trust)
	if err != nil {
		return err
	}
	in.Trust = map[string][]byte{}
	for _, f := range files {
		if archive.CheckName("trust/"+f.Name) == nil { // it is for information: what can't be carried is left out
			in.Trust[f.Name] = f.Bytes
		}
	}
	p := d.policy.Load()
	in.Policy = fmt.Appendf(nil, "{\"access\":{\"version\":%d,\"sha256\":%q}}\n", p.Version, p.SHA256)
	return nil
}
