package main

import (
	"bytes"
	"context"
	"io"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest/sealed"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
	"stellad/internal/cli"
)

// writeEvidence puts one attestation into an evidence bundle, with the trust root that the appliance publishes, and has
// its manifest signed by the same key.
func (o attestSignOptions) writeEvidence(ctx context.Context, name string, want wanted, text []byte) error {
	published, err := stellav1.NewSigningServiceClient(daemonAt(o.socket)).ExportTrust(ctx, &stellav1.ExportTrustRequest{})
	if err != nil {
		return err
	}
	in := bundle.Input{Artifacts: want.subjects, Trust: map[string][]byte{}, Policy: []byte("{}\n"), Documents: []bundle.Document{{
		SHA256: sealed.Sum(text), Kind: kind.Bundle, Verdict: "verified", Size: int64(len(text)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
	}}}
	for _, f := range published.GetFiles() {
		in.Trust[f.GetName()] = f.GetContent()
	}
	draft, err := bundle.NewDraft(in)
	if err != nil {
		return cli.Refused(err) // it is of what the daemon sent
	}
	signed, err := signDraft(ctx, o.socket, o.key, draft.Subjects(), draft.Predicate())
	if err != nil {
		return err
	}
	return writeArchive(name, func(w io.Writer) error { return draft.Write(w, signed.GetBundle()) })
}
