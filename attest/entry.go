package attest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"stellad/tlog"
)

// checkEntry refuses log entries that a bundle of this version can't hold,
// before any parser of theirs meets them.
func checkEntry(version string, e *protorekor.TransparencyLogEntry) error {
	proof := e.GetInclusionProof()
	switch {
	case e.GetLogIndex() < 0 || proof.GetLogIndex() < 0 || proof.GetTreeSize() < 0:
		return errors.New("a negative index or size")
	case len(e.GetLogId().GetKeyId()) == 0:
		return errors.New("no log ID")
	case version == "v0.1" && len(e.GetInclusionPromise().GetSignedEntryTimestamp()) == 0:
		return errors.New("no inclusion promise: a bundle v0.1 must have one")
	case version != "v0.1" && proof == nil:
		return errors.New("no inclusion proof: a bundle of v0.2 or later must have one")
	case len(proof.GetHashes()) > maxHashes:
		return fmt.Errorf("an inclusion proof of %d hashes", len(proof.GetHashes()))
	case proof != nil && strings.Count(proof.GetCheckpoint().GetEnvelope(), "\n") > maxNoteLines:
		return fmt.Errorf("a checkpoint of more than %d lines", maxNoteLines)
	}
	return checkKind(e)
}

// checkKind binds kindVersion, which says how to read the body, to the body.
func checkKind(e *protorekor.TransparencyLogEntry) error {
	var body struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
	}
	if err := json.Unmarshal(e.GetCanonicalizedBody(), &body); err != nil {
		return errors.New("its body is not JSON")
	}
	if body.Kind != e.GetKindVersion().GetKind() || body.APIVersion != e.GetKindVersion().GetVersion() {
		return fmt.Errorf("kindVersion is not its body's, %s %s", body.Kind, body.APIVersion)
	}
	return nil
}

// bind holds an entry that sigstore-go has verified to the fields of its proof
// that sigstore-go does not read: body, root, size and index must be those that
// the checkpoint proves. It gives the checkpoint, or nil where there is no proof.
func bind(e *protorekor.TransparencyLogEntry, v2 bool) (*tlog.Checkpoint, error) {
	proof := e.GetInclusionProof()
	if proof == nil {
		return nil, nil
	}
	if v2 && (e.GetIntegratedTime() != 0 || e.GetInclusionPromise() != nil) {
		return nil, errors.New("a Rekor v2 entry with an integrated time or a promise, which v2 never gives")
	}
	if v2 && e.GetLogIndex() != proof.GetLogIndex() {
		return nil, errors.New("logIndex is not the one that is proven")
	}
	text, _, found := strings.Cut(proof.GetCheckpoint().GetEnvelope(), "\n\n")
	if !found {
		return nil, errors.New("its checkpoint is not a signed note")
	}
	checkpoint, err := tlog.ParseCheckpoint([]byte(text + "\n"))
	if err != nil {
		return nil, err
	}
	if v2 && shardless(checkpoint.Origin) != checkpoint.Origin {
		return nil, errors.New("an entry of Rekor v2 under a checkpoint of v1, by which it would be bound to nothing")
	}
	if uint64(proof.GetTreeSize()) != checkpoint.Size || !bytes.Equal(proof.GetRootHash(), checkpoint.Root[:]) {
		return nil, errors.New("the proof's size or root hash is not its checkpoint's")
	}
	hashes := make([]tlog.Hash, len(proof.GetHashes()))
	for i, h := range proof.GetHashes() {
		if len(h) != len(hashes[i]) {
			return nil, fmt.Errorf("hash %d of the proof has %d bytes", i, len(h))
		}
		hashes[i] = tlog.Hash(h)
	}
	leaf := tlog.LeafHash(e.GetCanonicalizedBody())
	return &checkpoint, tlog.VerifyInclusion(leaf, uint64(proof.GetLogIndex()), checkpoint.Size, hashes, checkpoint.Root)
}

// otherSignatures counts a checkpoint's signature lines that are not the log's:
// they are no part of the proof. The log's line is known by its key ID, the
// first four bytes of what is signed. Lines are read to C2SP signed-note, to the
// last bit, because the readers before this one let a name and trailing bits pass.
func otherSignatures(note, origin string, keyID []byte) (int, error) {
	others, own := 0, 0
	_, signatures, _ := strings.Cut(note, "\n\n")
	for line := range strings.Lines(signatures) {
		name, text, spaced := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		text, ended := strings.CutSuffix(text, "\n")
		sig, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || !spaced || !ended || len(sig) < 5 || strings.ContainsAny(text, "\r\n") || !strings.HasPrefix(line, "— ") {
			return 0, errors.New("its checkpoint has a signature line that is malformed")
		}
		if !bytes.HasPrefix(keyID, sig[:4]) {
			others++
			continue
		}
		if own++; own > 1 {
			return 0, errors.New("its checkpoint has two signatures by the log's key, of which one is read")
		}
		if name != origin && name != shardless(origin) {
			return 0, fmt.Errorf("its checkpoint of %q is signed as %q", origin, name)
		}
	}
	return others, nil
}

// shardless drops the tree ID by which Rekor v1 tells its shards apart.
func shardless(origin string) string {
	name, tree, found := strings.Cut(origin, " - ")
	if found && tree != "" && strings.Trim(tree, "0123456789") == "" {
		return name
	}
	return origin
}
