package signing

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"stellad/attest"
	"stellad/attest/siglog"
	"stellad/attest/sign"
	"stellad/audit"
	"stellad/hsm"
	"stellad/keys"
	"stellad/store"
	"stellad/store/blobs"
	"stellad/tlog"
)

// A Request asks for a statement to be signed.
type Request struct {
	Key       string // label, or SHA-256 of the public key
	Subjects  []attest.Subject
	Predicate *sign.Predicate // nil for an endorsement
	Who, Why  string          // of an endorsement
}

// digest names the request: who asks for the same again gets the same. An endorsement's time is not asked for.
func (r Request) digest(key string) (string, error) {
	text, err := json.Marshal(struct {
		Key       string
		Subjects  []attest.Subject
		Predicate *sign.Predicate
		Who, Why  string
	}{key, r.Subjects, r.Predicate, r.Who, r.Why})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// accuracy is how far the clock may be off: what a timestamp claims.
const accuracy = time.Second

// Sign signs a statement, and returns a Sigstore bundle 0.3 with a timestamp and the proof that the signature log has it.
// The record is durable and the bundle verified by what is published when it returns. The same request gives the same
// signature again. act is the record of whoever asks.
//
// Errors wrap keys.ErrUnknown, keys.ErrRole and keys.ErrState, sign.ErrStatement, hsm's, tsa's, ErrBroken, and the
// journal's.
func (s *Service) Sign(ctx context.Context, act audit.Record, r Request) (bundle []byte, signed Signed, err error) {
	e, err := s.keys.Find(r.Key)
	if err != nil {
		return nil, signed, err
	}
	sum, err := r.digest(e.SHA256())
	if err != nil {
		return nil, signed, err
	}
	ctx, cancel := context.WithTimeout(ctx, hsm.CallLimit)
	defer cancel()
	// Two that ask for the same at a time are answered by one signature. It does not end with the first one's patience.
	got, err, _ := s.flights.Do(sum, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hsm.CallLimit)
		defer cancel()
		return s.once(ctx, act, r, e, sum)
	})
	if err != nil {
		return nil, signed, keys.Lost(err)
	}
	signed, _ = got.(Signed)
	bundle, err = s.Bundle(ctx, signed)
	return bundle, signed, keys.Lost(err)
}

// once signs what was not signed yet.
func (s *Service) once(ctx context.Context, act audit.Record, r Request, e keys.Entry, sum string) (Signed, error) {
	switch signed, err := s.answered(sum); {
	case err == nil:
		return signed, nil
	case !errors.Is(err, store.ErrNotFound):
		return Signed{}, err
	}
	switch {
	case e.Role != keys.Attestation:
		return Signed{}, fmt.Errorf("sign a statement: %w: %s is a key for %s", keys.ErrRole, e.Label, e.Role)
	case e.State() != keys.Active:
		return Signed{}, fmt.Errorf("sign a statement: %w: %s is %s", keys.ErrState, e.Label, e.State())
	}
	statement, err := r.statement(s.now())
	if err != nil {
		return Signed{}, err
	}
	act.Target = "sha256:" + r.Subjects[0].Digest["sha256"]
	s.signing.RLock()
	defer s.signing.RUnlock()
	intent, err := s.intend(ctx, act, e, sum, statement)
	if err != nil {
		return Signed{}, err
	}
	if err := s.carryOut(ctx, act, e, intent, statement); err != nil {
		return Signed{}, errors.Join(fmt.Errorf("sign a statement: %w", err), s.abandon(ctx, act, intent))
	}
	return s.answered(sum)
}

func (r Request) statement(now time.Time) (*sign.Statement, error) {
	p := r.Predicate
	if p == nil {
		made, err := sign.Endorsement{Who: r.Who, When: now, Why: r.Why}.Predicate()
		if err != nil {
			return nil, err
		}
		p = &made
	}
	return sign.NewStatement(r.Subjects, *p)
}

func (s *Service) intend(ctx context.Context, act audit.Record, e keys.Entry, sum string, statement *sign.Statement) (uint64, error) {
	act.Type, act.V, act.Outcome = "intent", 1, "ok"
	of := sha256.Sum256(statement.Bytes())
	rec, err := s.journal.Write(ctx, act, audit.Intent{Act: "sign", By: e.SHA256(), Request: sum, Statement: hex.EncodeToString(of[:])}, nil)
	if err != nil {
		s.left.Store(true) // it may come to be durable all the same, where a disk hangs
		return 0, err
	}
	return rec.Seq, nil
}

// carryOut makes signature and timestamp, and the record of them.
func (s *Service) carryOut(ctx context.Context, act audit.Record, e keys.Entry, intent uint64, statement *sign.Statement) error {
	authority, err := s.authority()
	if err != nil {
		return err
	}
	key, err := s.keys.Signer(e)
	if err != nil {
		return err
	}
	envelope, err := sign.Sign(withContext(ctx, key), statement)
	if err != nil {
		return err
	}
	stamp, err := authority.Stamp(envelope.Signature(), s.now(), accuracy)
	if err != nil {
		return err
	}
	blob, err := s.keep(envelope, stamp)
	if err != nil {
		return err
	}
	act.Type, act.V, act.Outcome = "signed", 1, "ok"
	_, err = s.journal.Write(context.WithoutCancel(ctx), act, audit.Signed{Blob: blob, Entry: envelope.Entry(), Intent: intent}, nil)
	return err
}

// evidence is a blob: what a signed record names. docs/formats/audit.md §3.
type evidence struct {
	Envelope  json.RawMessage `json:"envelope"`
	Timestamp []byte          `json:"timestamp"`
}

// maxEvidence bounds a blob: a statement at its largest, in base64, twice over.
const maxEvidence = 8 << 20

func (s *Service) keep(envelope *sign.Envelope, stamp []byte) (string, error) {
	text, err := envelope.MarshalDSSE()
	if err != nil {
		return "", err
	}
	if text, err = json.Marshal(evidence{text, stamp}); err != nil {
		return "", err
	}
	digest, _, err := s.blobs.Put(bytes.NewReader(text), maxEvidence)
	return hex.EncodeToString(digest[:]), err
}

// answered returns what answered a request, or store.ErrNotFound.
func (s *Service) answered(sum string) (signed Signed, err error) {
	err = s.journal.Read(func(tx *store.Tx) error {
		var index uint64
		if err := tx.In(View).GetJSON(requestRow(sum), &index); err != nil {
			return err
		}
		return tx.In(View).GetJSON(signedRow(index), &signed)
	})
	return signed, err
}

// Bundle puts a signature of the log together with its timestamp and the proof that the log has it, and verifies it. It
// ends by ctx's deadline.
func (s *Service) Bundle(ctx context.Context, signed Signed) ([]byte, error) {
	check, err := s.check()
	if err != nil {
		return nil, err
	}
	e, err := s.keys.Find(signed.Key)
	if err != nil {
		return nil, err
	}
	envelope, stamp, err := s.kept(signed, e)
	if err != nil {
		return nil, err
	}
	checkpoint, log, err := s.covering(ctx, signed.Index)
	if err != nil {
		return nil, err
	}
	var proof *tlog.Proof
	err = s.journal.Read(func(tx *store.Tx) error {
		proof, err = siglog.Prove(signed.Index, checkpoint, log, reader(tx.In(View)))
		return err
	})
	if err != nil {
		return nil, err
	}
	bundle, err := envelope.Bundle(sign.Evidence{Log: log, Proof: proof, Stamps: [][]byte{stamp}}, check)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return bundle, nil
}

func (s *Service) kept(signed Signed, e keys.Entry) (*sign.Envelope, []byte, error) {
	digest, err := blobs.ParseDigest("sha256:" + signed.Blob)
	if err != nil {
		return nil, nil, err
	}
	text, err := s.blobs.ReadAll(digest, maxEvidence)
	if err != nil {
		return nil, nil, fmt.Errorf("entry %d of the signature log: %w", signed.Index, err)
	}
	var kept evidence
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, nil, err
	}
	public, err := hsm.ParsePublic(e.Public)
	if err != nil {
		return nil, nil, err
	}
	envelope, err := sign.Read(kept.Envelope, public)
	return envelope, kept.Timestamp, err
}

// contextSigner signs by a context's deadline.
type contextSigner struct {
	ctx context.Context
	key *hsm.Key
}

func (c contextSigner) Public() crypto.PublicKey { return c.key.Public() }

func (c contextSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return c.key.SignContext(c.ctx, digest, opts)
}
