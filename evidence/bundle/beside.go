package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"stellad/attest"
	"stellad/attest/logproof"
	"stellad/attest/sealed"
	"stellad/evidence/kind"
	"stellad/tlog"
)

// A side is a file that stands beside an attestation: what is in it, by itself.
type side struct {
	name, kind string
	content    []byte
}

// besides makes the files that stand beside a document, sorted by name. Only Sigstore bundles have some: of a DSSE
// envelope that one key signed what was signed and by what, its timestamps; of a log entry the entry and its proof, as
// Sigstore and as C2SP write it.
func besides(of kind.Kind, sha256 string, text []byte) ([]side, error) {
	if of != kind.Bundle {
		return nil, nil
	}
	docs, err := attest.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%w: %d attestations in one document", ErrBundle, len(docs))
	}
	all := append(sealedSides(docs[0]), proofSides(text)...)
	for i := range all {
		all[i].name = evidenceDir + sha256 + "/" + all[i].name
	}
	slices.SortFunc(all, func(a, b side) int { return byName(sealed.File{Name: a.name}, sealed.File{Name: b.name}) })
	return all, nil
}

// sealedSides are those of the envelope: none where there is no envelope of one signature.
func sealedSides(d *attest.Document) []side {
	s, err := sealed.SidesOf(d)
	if err != nil {
		return nil
	}
	all := []side{{"statement.json", "statement", s.Statement}, {"pae", "pae", s.PAE}, {"sig", "signature", s.Signature}}
	for i, token := range s.Tokens {
		all = append(all, side{fmt.Sprintf("timestamp.%d.tsr", i), "timestamp", token})
	}
	return all
}

// proofSides are those of the log entries: none where there is no proof.
func proofSides(text []byte) (all []side) {
	var b struct {
		Material struct {
			Entries []json.RawMessage `json:"tlogEntries"`
		} `json:"verificationMaterial"`
	}
	if json.Unmarshal(text, &b) != nil {
		return nil // it was parsed: it is of another form
	}
	for i, entry := range b.Material.Entries {
		proofs, err := logproof.Parse(entry)
		if errors.Is(err, logproof.ErrFormat) || len(proofs) != 1 || len(proofs[0].Checkpoint) == 0 {
			continue // a promise, and no proof
		}
		p := proofs[0]
		all = append(all,
			side{fmt.Sprintf("entry.%d.json", i), "entry", p.Entry},
			side{fmt.Sprintf("proof.%d.sigstore.json", i), "proof", entry},
			side{fmt.Sprintf("proof.%d.tlog-proof", i), "proof", (&tlog.Proof{Index: p.Index, Hashes: p.Hashes, Checkpoint: p.Checkpoint}).Marshal()})
	}
	return all
}
