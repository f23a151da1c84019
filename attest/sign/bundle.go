package sign

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/attest"
	"stellad/tlog"
)

const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// Evidence is what others say of an envelope.
type Evidence struct {
	Log    *tlog.VerifierKey // of the log that took Entry; its name is the log's origin
	Proof  *tlog.Proof       // that the log holds Entry; without cosignatures asked for
	Stamps [][]byte          // RFC 3161 responses over Signature, in DER; at least one
}

// Bundle puts envelope and evidence into a Sigstore bundle 0.3, one line of JSON.
// Before it is given it is verified by check, which must hold the trust that the
// bundle's readers will have: signature by this key as an accepted signer, the log
// entry with its proof, each timestamp, statement and subjects must all be
// established. Errors wrap ErrBundle. The same arguments give the same bytes.
func (e *Envelope) Bundle(evidence Evidence, check *attest.Verifier) ([]byte, error) {
	text, err := e.bundle(evidence)
	if err == nil {
		err = e.verify(text, evidence, check)
	}
	if err != nil {
		// What is wrong inside is no answer to a caller's bytes: it is told, and not wrapped.
		return nil, fmt.Errorf("make a bundle: %w: %s", ErrBundle, err.Error())
	}
	return text, nil
}

func (e *Envelope) bundle(evidence Evidence) ([]byte, error) {
	entry, err := e.tlogEntry(evidence)
	if err != nil {
		return nil, err
	}
	stamps := &protobundle.TimestampVerificationData{}
	for _, der := range evidence.Stamps {
		stamps.Rfc3161Timestamps = append(stamps.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: der})
	}
	key := sha256.Sum256(e.spki)
	raw, err := protojson.Marshal(&protobundle.Bundle{
		MediaType: mediaType,
		VerificationMaterial: &protobundle.VerificationMaterial{
			// The hint is cosign's own: base64 of the SHA-256 of the key's SPKI.
			Content: &protobundle.VerificationMaterial_PublicKey{
				PublicKey: &protocommon.PublicKeyIdentifier{Hint: base64.StdEncoding.EncodeToString(key[:])},
			},
			TlogEntries:               []*protorekor.TransparencyLogEntry{entry},
			TimestampVerificationData: stamps,
		},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: e.statement.text, PayloadType: payloadType,
			Signatures: []*protodsse.Signature{{Sig: e.signature}},
		}},
	})
	if err != nil {
		return nil, err
	}
	// protojson varies its blanks on purpose.
	text := jsontext.Value(raw)
	return text, text.Compact(jsontext.PreserveRawStrings(true))
}

// tlogEntry states the entry with the size and the root of the checkpoint that
// proves it.
func (e *Envelope) tlogEntry(evidence Evidence) (*protorekor.TransparencyLogEntry, error) {
	if evidence.Log == nil || evidence.Proof == nil {
		return nil, errors.New("no proof by a log")
	}
	body := e.Entry()
	checkpoint, err := evidence.Proof.Verify(tlog.LeafHash(body), evidence.Log.Name(), []*tlog.VerifierKey{evidence.Log}, tlog.Quorum{})
	if err != nil {
		return nil, fmt.Errorf("log entry: %w", err)
	}
	hashes := make([][]byte, len(evidence.Proof.Hashes))
	for i := range hashes {
		hashes[i] = evidence.Proof.Hashes[i][:]
	}
	id := evidence.Log.LogID()
	return &protorekor.TransparencyLogEntry{
		LogIndex:    int64(evidence.Proof.Index),
		LogId:       &protocommon.LogId{KeyId: id[:]},
		KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		InclusionProof: &protorekor.InclusionProof{
			LogIndex: int64(evidence.Proof.Index), TreeSize: int64(checkpoint.Size), RootHash: checkpoint.Root[:], Hashes: hashes,
			Checkpoint: &protorekor.Checkpoint{Envelope: string(evidence.Proof.Checkpoint)},
		},
		CanonicalizedBody: body,
	}, nil
}

// verify holds the bundle to all that it is made for: more than a verdict, which
// may well do without a log entry or a time.
func (e *Envelope) verify(text []byte, evidence Evidence, check *attest.Verifier) error {
	docs, err := attest.Parse(text)
	if err != nil {
		return err
	}
	sha256sum, err := hex.DecodeString(e.statement.subjects[0].Digest["sha256"])
	if err != nil {
		return err
	}
	v := check.Verify(docs[0], attest.Expect{
		PredicateType: e.statement.predicateType,
		Artifact:      &attest.Artifact{Kind: "digest given", Any: []attest.Digests{{crypto.SHA256: sha256sum}}},
	})
	got := v.Established
	switch {
	case !v.Verified:
		return errors.New(v.Reason)
	case got.Signer == nil || len(got.Signer.Keys) != 1 || got.Signer.Keys[0].SHA256 != e.KeyID():
		return errors.New("it is not established who signed")
	case len(got.Logs) != 1 || !got.Logs[0].Proof:
		return errors.New("the trust root does not know the log")
	case len(got.Times) == 0 || len(got.Times) != len(evidence.Stamps):
		return fmt.Errorf("the trust root knows the authorities of %d of %d timestamps, and there must be one", len(got.Times), len(evidence.Stamps))
	case !reflect.DeepEqual(got.Subjects, e.statement.subjects):
		return errors.New("its subjects are read as others")
	}
	return nil
}
