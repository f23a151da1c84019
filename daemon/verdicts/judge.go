package verdicts

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stellad/attest"
	"stellad/attest/trust"
	"stellad/daemon/fair"
	"stellad/internal/version"
)

// A Question asks whether a document is what the asker expects.
type Question struct {
	Document   []byte            // one attestation; nil where only its digest is known
	Digest     [sha256.Size]byte // of the document, SHA-256; read where Document is nil
	Conditions []byte            // all else that is asked, in one canonical form: part of what a verdict is remembered by
	Expect     func() (attest.Expect, error)
	Explain    bool // have Ruling.JSON filled in
}

// A Ruling is a verdict, as it is remembered and answered.
type Ruling struct {
	Verified      bool
	Reason        string // of a refusal
	Signer        string // of a verified document
	PredicateType string // of a verified document
	Trust         string // SHA-256 of the trust root, in hex
	JSON          []byte // of the whole attest.Verdict; nil where nobody asked for it yet
}

// An Answer is a ruling and where it comes from.
type Answer struct {
	*Ruling
	Cached bool
	Age    time.Duration // since it was reached; 0 unless Cached
}

// Judge judges by the trust root in force. It is safe for concurrent use.
type Judge struct {
	dir   string
	limit int64 // of the cache, in bytes
	turns *fair.Turns

	force atomic.Pointer[force] // nil until a trust root loaded

	mu      sync.Mutex // one Load at a time; guards what follows
	refused error      // why the folder, as it is now, is not what is in force

	hits, misses atomic.Uint64
}

// force is a trust root and the verdicts that stand on it: they go together.
type force struct {
	trust    *trust.Trust
	verifier *attest.Verifier
	cache    *cache
	since    time.Time
}

// NewJudge makes a Judge of the trust root in dir, which Load reads. It remembers up to limit bytes of verdicts, and
// verifies as many documents at a time as turns lets it.
func NewJudge(dir string, limit int64, turns *fair.Turns) *Judge {
	return &Judge{dir: dir, limit: limit, turns: turns, refused: errors.New("not read yet")}
}

// Load reads the trust root again and tells whether another came into force. Record, which may be nil, is called with
// its SHA-256 before it does. An error, which wraps trust.ErrTrust or is record's, leaves the one in force where it is.
func (j *Judge) Load(record func(sha256 string) error) (changed bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	t, err := trust.Load(j.dir)
	j.refused = err
	if err != nil {
		return false, err
	}
	if now := j.force.Load(); now != nil && now.trust.Digest == t.Digest {
		return false, nil
	}
	if record != nil {
		if err := record(t.Digest); err != nil {
			j.refused = fmt.Errorf("%s can't come into force: %w", t.Digest, err)
			return false, j.refused
		}
	}
	j.force.Store(&force{t, attest.NewVerifier(t), newCache(j.limit), time.Now()})
	return true, nil
}

// Ask answers a question for a user. Its errors are ErrNoTrust, ErrUnknown, ErrManyDocuments, attest.ErrNotBundle, what
// q.Expect returned, and ctx's.
func (j *Judge) Ask(ctx context.Context, uid uint32, q Question) (Answer, error) {
	switch l := j.look(q); {
	case l.force == nil:
		return Answer{}, ErrNoTrust
	case l.found:
		return l.answer, nil
	case q.Document == nil:
		return Answer{}, ErrUnknown
	}
	if err := j.turns.Take(ctx, uid); err != nil {
		return Answer{}, err
	}
	defer j.turns.Give()
	l := j.look(q) // while it waited, somebody may have asked the same, or another trust may have come into force
	if l.found {
		return l.answer, nil
	}
	j.misses.Add(1)
	ruled, err := l.force.judge(q)
	if err != nil {
		return Answer{}, err
	}
	l.force.cache.put(l.key, ruled)
	return Answer{Ruling: ruled}, nil
}

// InForce returns the trust root in force and a verifier by it, or ErrNoTrust.
func (j *Judge) InForce() (*trust.Trust, *attest.Verifier, error) {
	f := j.force.Load()
	if f == nil {
		return nil, nil, ErrNoTrust
	}
	return f.trust, f.verifier, nil
}

// A look is what the trust in force has for a question.
type look struct {
	force  *force // nil where no trust is in force
	key    key
	answer Answer
	found  bool
}

// look finds an answer in the cache. One that was remembered without its JSON does for those who want none.
func (j *Judge) look(q Question) look {
	f := j.force.Load()
	if f == nil {
		return look{}
	}
	l := look{force: f, key: keyOf(f.trust.Digest, q)}
	ruled, age, have := f.cache.get(l.key)
	if have && (!q.Explain || ruled.JSON != nil) {
		j.hits.Add(1)
		l.answer, l.found = Answer{ruled, true, age}, true
	}
	return l
}

func (f *force) judge(q Question) (*Ruling, error) {
	want, err := q.Expect()
	if err != nil {
		return nil, err
	}
	docs, err := attest.Parse(q.Document)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%w: %d", ErrManyDocuments, len(docs))
	}
	return f.ruling(f.verifier.Verify(docs[0], want), q.Explain)
}

func (f *force) ruling(v *attest.Verdict, explain bool) (*Ruling, error) {
	r := &Ruling{Verified: v.Verified, Reason: utf8(v.Reason), Trust: f.trust.Digest}
	if v.Verified {
		r.Signer, r.PredicateType = utf8(signer(v.Established.Signer)), utf8(v.Established.PredicateType)
	}
	if !explain {
		return r, nil
	}
	var err error
	r.JSON, err = json.Marshal(v)
	return r, err
}

// utf8 has a stranger's text be what the API can carry.
func utf8(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// signer names who signed in a few words; the whole is in the verdict's JSON.
func signer(s *attest.SignerRef) string {
	if s == nil {
		return ""
	}
	if s.Identity != "" {
		return s.Identity
	}
	var keys []string
	for _, k := range s.Keys {
		keys = append(keys, "sha256:"+k.SHA256)
	}
	return strings.Join(keys, " ")
}

// keyOf hashes all that a verdict depends on: this release's verifier, the trust root, the conditions, the document.
// Each part but the last goes in after its length, so that no two questions run together.
func keyOf(trustDigest string, q Question) key {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(version.String), []byte(trustDigest), q.Conditions} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	digest := q.Digest
	if q.Document != nil {
		digest = sha256.Sum256(q.Document)
	}
	h.Write(digest[:])
	return key(h.Sum(nil))
}
