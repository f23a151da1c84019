package logproof

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"stellad/attest"
	"stellad/attest/strictjson"
	"stellad/tlog"
)

const maxTokens = 100_000 // of JSON in a file

// Parse reads the proofs in a file of any of the forms. Errors wrap ErrFormat.
func Parse(text []byte) ([]*Proof, error) {
	proofs, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return proofs, nil
}

func parse(text []byte) ([]*Proof, error) {
	if bytes.HasPrefix(text, []byte("c2sp.org/tlog-proof@")) {
		return parseC2SP(text)
	}
	object, err := strictjson.One(text, maxTokens)
	if err != nil {
		return nil, err
	}
	names, err := strictjson.Names(object)
	if err != nil {
		return nil, err
	}
	switch {
	case slices.Contains(names, "mediaType"):
		return parseBundle(text)
	case slices.Contains(names, "inclusionProof"), slices.Contains(names, "canonicalizedBody"):
		var entry protorekor.TransparencyLogEntry
		if err := (protojson.UnmarshalOptions{RecursionLimit: 32}).Unmarshal(object, &entry); err != nil {
			return nil, errors.New("not a transparency log entry in Sigstore's form")
		}
		return one(fromSigstore(&entry))
	case slices.Contains(names, "verification"):
		return one(parseRekor(object))
	case len(names) == 1:
		return parseWithUUID(object)
	}
	return nil, errors.New("neither a C2SP tlog-proof, nor a Sigstore bundle, nor a log entry with its inclusion proof")
}

func one(p *Proof, err error) ([]*Proof, error) {
	if err != nil {
		return nil, err
	}
	return []*Proof{p}, nil
}

func parseC2SP(text []byte) ([]*Proof, error) {
	p, err := tlog.ParseProof(text)
	if err != nil {
		return nil, err
	}
	return []*Proof{{Form: "C2SP tlog-proof", Index: p.Index, Hashes: p.Hashes, Checkpoint: p.Checkpoint}}, nil
}

func parseBundle(text []byte) ([]*Proof, error) {
	docs, err := attest.Parse(text)
	if err != nil {
		return nil, err
	}
	var proofs []*Proof
	for i, e := range docs[0].LogEntries() {
		p, err := fromSigstore(e)
		if err != nil {
			return nil, fmt.Errorf("tlogEntries[%d]: %w", i, err)
		}
		proofs = append(proofs, p)
	}
	if len(proofs) == 0 {
		return nil, errors.New("the bundle has no log entry")
	}
	return proofs, nil
}

func fromSigstore(e *protorekor.TransparencyLogEntry) (*Proof, error) {
	proof := e.GetInclusionProof()
	if proof == nil || len(e.GetCanonicalizedBody()) == 0 {
		return nil, errors.New("an entry without its inclusion proof or its body")
	}
	return build("Sigstore log entry", e.GetCanonicalizedBody(), proof.GetLogIndex(), proof.GetTreeSize(),
		proof.GetRootHash(), proof.GetHashes(), proof.GetCheckpoint().GetEnvelope())
}

// parseWithUUID reads the one entry of an object that is named by its UUID,
// which ends in the leaf hash.
func parseWithUUID(object []byte) ([]*Proof, error) {
	byUUID, err := strictjson.Decode[map[string]jsontext.Value](object)
	if err != nil {
		return nil, err
	}
	for uuid, inner := range *byUUID {
		p, err := parseRekor(inner)
		if err != nil {
			return nil, err
		}
		leaf := tlog.LeafHash(p.Entry)
		if len(uuid) < 64 || uuid[len(uuid)-64:] != hex.EncodeToString(leaf[:]) {
			return nil, errors.New("the entry's UUID is another entry's")
		}
		return []*Proof{p}, nil
	}
	return nil, errors.New("an empty object")
}

// rekorEntry is Rekor v1's LogEntry, as its API answers it.
type rekorEntry struct {
	Body         string `json:"body"`
	Verification struct {
		InclusionProof *struct {
			Checkpoint string   `json:"checkpoint"`
			Hashes     []string `json:"hashes"`
			LogIndex   int64    `json:"logIndex"`
			RootHash   string   `json:"rootHash"`
			TreeSize   int64    `json:"treeSize"`
		} `json:"inclusionProof"`
	} `json:"verification"`
}

func parseRekor(object []byte) (*Proof, error) {
	e, err := strictjson.Decode[rekorEntry](object)
	if err != nil || e.Body == "" || e.Verification.InclusionProof == nil {
		return nil, errors.New("not an entry of Rekor v1 with its inclusion proof")
	}
	body, err := base64.StdEncoding.Strict().DecodeString(e.Body)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	proof := e.Verification.InclusionProof
	root, err := hex.DecodeString(proof.RootHash)
	if err != nil {
		return nil, fmt.Errorf("rootHash: %w", err)
	}
	hashes := make([][]byte, len(proof.Hashes))
	for i, h := range proof.Hashes {
		if hashes[i], err = hex.DecodeString(h); err != nil {
			return nil, fmt.Errorf("hashes[%d]: %w", i, err)
		}
	}
	return build("Rekor v1 log entry", body, proof.LogIndex, proof.TreeSize, root, hashes, proof.Checkpoint)
}

func build(form string, entry []byte, index, size int64, root []byte, hashes [][]byte, checkpoint string) (*Proof, error) {
	switch {
	case index < 0 || size < 0:
		return nil, errors.New("a negative index or size")
	case len(root) != len(tlog.Hash{}):
		return nil, fmt.Errorf("a root hash of %d bytes", len(root))
	case len(hashes) > 64:
		return nil, fmt.Errorf("%d hashes, more than any tree's height", len(hashes))
	}
	p := &Proof{Form: form, Entry: entry, Index: uint64(index), Size: uint64(size), Root: (*tlog.Hash)(root)}
	for i, h := range hashes {
		if len(h) != len(tlog.Hash{}) {
			return nil, fmt.Errorf("hashes[%d] has %d bytes", i, len(h))
		}
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	if checkpoint != "" {
		p.Checkpoint = []byte(checkpoint)
	}
	return p, nil
}
