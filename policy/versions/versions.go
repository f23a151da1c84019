// Package versions knows which policy bundles were taken in, and which one is in force since when.
//
//	audit log ──fold──▶ bundles by digest; versions 1, 2, 3, … each naming one
//
// A version is an activation: its number only rises, and a rollback is a new version that names an earlier one's bundle.
// Whether a bundle is signed, and can be evaluated, its caller knows before it is taken in.
package versions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"stellad/audit"
	"stellad/store"
	"stellad/store/blobs"
)

// Sentinels.
var (
	ErrUnknown   = errors.New("no such policy bundle, version or decision")
	ErrAmbiguous = errors.New("more than one policy bundle or decision")
	ErrInForce   = errors.New("the policy bundle is in force already")
)

// View is folded of the audit log: bundle/SHA256 a Bundle, version/N a Version, N in twenty
// digits, decision/SHA256 a Decision.
var View = store.View("policies", 1, fold)

// A Bundle is one that was taken in.
type Bundle struct {
	SHA256   string    `json:"sha256"`
	Key      string    `json:"key"` // SHA-256 of the public key that signed it
	Revision string    `json:"revision,omitzero"`
	Size     uint64    `json:"size"`
	Time     time.Time `json:"time"`
	UID      uint32    `json:"uid"`
}

// A Version is one of what was in force.
type Version struct {
	Number uint64    `json:"number"` // from 1 on
	SHA256 string    `json:"sha256"` // of the bundle
	To     uint64    `json:"to,omitzero"`
	Time   time.Time `json:"time"`
	UID    uint32    `json:"uid"`
}

// A Decision is one that was signed.
type Decision struct {
	audit.Decision

	Seq  uint64    `json:"seq"` // of its record
	Time time.Time `json:"recorded"`
	UID  uint32    `json:"uid"`
}

func fold(rows store.Rows, _ uint64, line []byte) error {
	rec, body, err := audit.ParseFacts(line)
	if err != nil {
		return err
	}
	var uid uint32
	if rec.Actor != nil {
		uid = rec.Actor.UID
	}
	switch b := body.(type) {
	case *audit.Bundle:
		return rows.PutJSON(bundleRow(b.Blob), Bundle{b.Blob, b.Key, b.Revision, b.Size, rec.Time, uid})
	case *audit.Activation:
		return rows.PutJSON(versionRow(b.Version), Version{b.Version, b.Blob, b.To, rec.Time, uid})
	case *audit.Decision:
		return rows.PutJSON(decisionRow(b.Blob), Decision{*b, rec.Seq, rec.Time, uid})
	}
	return nil
}

func bundleRow(sha256 string) []byte   { return []byte("bundle/" + sha256) }
func decisionRow(sha256 string) []byte { return []byte("decision/" + sha256) }
func versionRow(number uint64) []byte  { return fmt.Appendf(nil, "version/%020d", number) }

// A Journal takes records and has View follow them, durably, before Write returns.
type Journal interface {
	Write(ctx context.Context, rec audit.Record, body any, note map[string]string) (*audit.Record, error)
	Read(fn func(*store.Tx) error) error
}

// Shelf is where the bundles are. It is safe for concurrent use.
type Shelf struct {
	journal Journal
	content *blobs.Dir
	acting  sync.Mutex // one activation at a time: its number is the next
}

// New makes the shelf. The journal's store must have View.
func New(journal Journal, content *blobs.Dir) *Shelf {
	return &Shelf{journal: journal, content: content}
}

// Put has a bundle's bytes on disk under their digest, in lower-case hex. No record names them yet.
func (s *Shelf) Put(text []byte) (sha256 string, err error) {
	digest, _, err := s.content.Put(bytes.NewReader(text), int64(len(text)))
	return strings.TrimPrefix(digest.String(), "sha256:"), err
}

// Take records a bundle whose bytes Put has. One that is known is known again, by whoever signed it now.
func (s *Shelf) Take(ctx context.Context, act audit.Record, b audit.Bundle) error {
	act.Type, act.V, act.Outcome, act.Target = "bundle", 1, "ok", "sha256:"+b.Blob
	_, err := s.journal.Write(ctx, act, b, nil)
	return err
}

// Open reads a bundle's bytes.
func (s *Shelf) Open(sha256 string) ([]byte, error) {
	digest, err := blobs.ParseDigest("sha256:" + sha256)
	if err != nil {
		return nil, fmt.Errorf("policy bundle: %w", err)
	}
	r, err := s.content.Get(digest)
	if err != nil {
		return nil, fmt.Errorf("policy bundle: %w", err)
	}
	text, err := io.ReadAll(r)
	return text, errors.Join(err, r.Close())
}
