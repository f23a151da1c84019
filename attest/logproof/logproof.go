// Package logproof reads and verifies what shows that a log holds an entry, by
// itself, whatever was signed: C2SP tlog-proof, and Sigstore's forms of an entry
// with its inclusion proof.
//
// The forms in JSON are a Sigstore bundle, one transparency log entry of such a
// bundle (protobuf-specs TransparencyLogEntry), and an entry as Rekor v1 answers
// it (LogEntry, with or without its UUID around it).
package logproof

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

	"stellad/tlog"
)

// Reasons to refuse. ErrFormat says that bytes are no proof at all, ErrProof
// that a proof proves nothing.
var (
	ErrFormat = errors.New("not a log proof")
	ErrProof  = errors.New("the log proof does not hold")

	// ErrMissing says that there is nothing to hold the proof against: it brought
	// no checkpoint, or no entry, and none was given.
	ErrMissing = errors.New("incomplete")
)

// Proof says that an entry stands in a log. Nothing in it is believed.
type Proof struct {
	Form  string
	Entry []byte // the entry's bytes, which a C2SP proof does not hold
	Index uint64 // of the entry, from 0

	// Size and Root are what the proof says of its tree; a C2SP proof leaves
	// both to its checkpoint.
	Size   uint64
	Root   *tlog.Hash
	Hashes []tlog.Hash

	// Checkpoint is the signed note that came with the proof, or nil.
	Checkpoint []byte
}

// Result is what a proof that held establishes.
type Result struct {
	Form         string   `json:"form"`
	Log          string   `json:"log"` // the checkpoint's origin
	Index        uint64   `json:"index"`
	Size         uint64   `json:"size"`
	Root         string   `json:"rootHash"` // in hex
	Leaf         string   `json:"leafHash"` // in hex
	Key          string   `json:"key"`      // the verifier key that signed the checkpoint
	Cosignatures []string `json:"cosignatures,omitempty"`
}

// Verify checks the proof under a checkpoint by one of keys: the one given, or,
// where it is nil, the one that came with the proof. The entry is the one given,
// or the proof's own. Errors wrap ErrProof, or ErrMissing alone.
func (p *Proof) Verify(checkpoint, entry []byte, keys []*tlog.VerifierKey) (*Result, error) {
	r, err := p.verify(checkpoint, entry, keys)
	if errors.Is(err, ErrMissing) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return r, nil
}

func (p *Proof) verify(checkpoint, entry []byte, keys []*tlog.VerifierKey) (*Result, error) {
	if checkpoint == nil {
		checkpoint = p.Checkpoint
	}
	if checkpoint == nil {
		return nil, fmt.Errorf("%w: no checkpoint came with the proof", ErrMissing)
	}
	signed, err := OpenCheckpoint(checkpoint, keys)
	if err != nil {
		return nil, err
	}
	leaf, err := p.leaf(entry)
	if err != nil {
		return nil, err
	}
	if p.Root != nil && p.Size != signed.Size {
		return nil, fmt.Errorf("the proof is for a tree of %d entries and the checkpoint for one of %d; ask for a proof at the checkpoint's size", p.Size, signed.Size)
	}
	if p.Root != nil && *p.Root != signed.Root {
		return nil, fmt.Errorf("the proof leads to root %s and the checkpoint has %s, for the same %d entries: the log shows two faces, or one of the two was changed", p.Root, signed.Root, signed.Size)
	}
	if err := tlog.VerifyInclusion(leaf, p.Index, signed.Size, p.Hashes, signed.Root); err != nil {
		return nil, err
	}
	r := ResultOf(signed)
	r.Form, r.Index, r.Leaf = p.Form, p.Index, hex.EncodeToString(leaf[:])
	return r, nil
}

func (p *Proof) leaf(entry []byte) (tlog.Hash, error) {
	switch {
	case p.Entry == nil && entry == nil:
		return tlog.Hash{}, fmt.Errorf("%w: a C2SP proof does not hold the entry that it speaks of", ErrMissing)
	case entry == nil:
		entry = p.Entry
	case p.Entry != nil && !bytes.Equal(entry, p.Entry):
		return tlog.Hash{}, errors.New("the proof is about another entry than the one given")
	}
	return tlog.LeafHash(entry), nil
}

// OpenCheckpoint verifies a checkpoint by whichever of keys its log has. Keys
// that cosign are told in the result, and suffice for nothing. Errors are those
// of tlog.OpenCheckpoint; ErrNote and ErrCheckpoint say that it is none at all.
func OpenCheckpoint(note []byte, keys []*tlog.VerifierKey) (*tlog.SignedCheckpoint, error) {
	var logs, witnesses []*tlog.VerifierKey
	for _, k := range keys {
		if k.Cosigns() {
			witnesses = append(witnesses, k)
		} else {
			logs = append(logs, k)
		}
	}
	return tlog.OpenCheckpoint(note, "", logs, tlog.Quorum{Witnesses: witnesses})
}

// ResultOf says what a checkpoint by itself establishes.
func ResultOf(signed *tlog.SignedCheckpoint) *Result {
	r := &Result{Form: "checkpoint", Log: signed.Origin, Size: signed.Size, Root: hex.EncodeToString(signed.Root[:])}
	for _, s := range signed.Note.Verified {
		if !s.Key.Cosigns() {
			r.Key = s.Key.String()
		}
	}
	for _, s := range signed.Cosignatures {
		r.Cosignatures = append(r.Cosignatures, fmt.Sprintf("%s at %s", s.Key.Name(), s.Time.UTC().Format("2006-01-02T15:04:05Z")))
	}
	return r
}
