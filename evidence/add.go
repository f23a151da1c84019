package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"stellad/audit"
	"stellad/store/blobs"
)

// Findings are what an examination found content to be.
type Findings struct {
	Kind      string
	Predicate string   // the predicate type of a statement
	Subjects  []string // artifacts that it states itself, in any order
	Verdict   string
	Trust     string // SHA-256 of the trust root by which it was verified; "" for None
}

// Content opens content to be read from its beginning, and to its end: damage to it may show there only.
type Content func() (io.ReadCloser, error)

// An Examination says what content is. What is no evidence wraps ErrRefused.
type Examination func(ctx context.Context, content Content) (Findings, error)

// An Addition is content that is brought.
type Addition struct {
	Content   io.Reader
	Limit     int64    // bytes
	Artifacts []string // that the bringer says it is about
	Examine   Examination
}

// Add takes evidence in. act is the record of whoever brings it. Added is false where all of it was known already and its
// verdict is the same. Its record is durable when it returns. Errors are Examine's, the content's reader's, blobs', and
// the journal's; nothing is evidence then that was not before.
func (x *Index) Add(ctx context.Context, act audit.Record, a Addition) (e Entry, added bool, err error) {
	s, err := x.Stage(ctx, a)
	if err != nil {
		return e, false, err
	}
	defer s.Discard()
	return x.Keep(ctx, act, s)
}

// Staged is content that was examined and is no evidence yet.
type Staged struct {
	*blobs.Staged
	Findings

	artifacts []string
}

// Stage takes content in and has it examined. Errors are those of Add. The caller calls Discard in the end.
func (x *Index) Stage(ctx context.Context, a Addition) (*Staged, error) {
	content, err := x.blobs.Stage(a.Content, a.Limit)
	if err != nil {
		return nil, err
	}
	found, err := a.Examine(ctx, func() (io.ReadCloser, error) { return content.Open() })
	if err != nil {
		content.Discard()
		return nil, err
	}
	return &Staged{content, found, union(nil, a.Artifacts...)}, nil
}

// Keep makes what was staged evidence. Errors are blobs' and the journal's.
func (x *Index) Keep(ctx context.Context, act audit.Record, s *Staged) (e Entry, added bool, err error) {
	blob := strings.TrimPrefix(s.Digest.String(), "sha256:")
	todo, err := x.todo(blob, s)
	if err != nil {
		return e, false, err
	}
	if err := s.Staged.Keep(); err != nil { // also over one that is there: it may be damaged
		return e, false, err
	}
	for _, body := range todo {
		act.Type, act.V, act.Outcome, act.Target = "evidence", 1, "ok", "sha256:"+blob
		if _, err := x.journal.Write(ctx, act, body, nil); err != nil {
			return e, false, err
		}
	}
	e, err = x.Get(blob)
	return e, len(todo) > 0, err
}

// todo gives the records that say what the index does not say yet: none where it says all.
func (x *Index) todo(blob string, s *Staged) (all []audit.Evidence, err error) {
	known, err := x.Get(blob)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return nil, err
	}
	artifacts, subjects := without(s.artifacts, known.Artifacts), without(union(nil, s.Subjects...), known.Subjects)
	same := known.Kind == s.Kind && known.Predicate == s.Predicate && known.Verdict == s.Verdict && known.Trust == s.Trust
	for len(artifacts) > 0 || len(subjects) > 0 || !same {
		same = true
		next := audit.Evidence{Blob: blob, Kind: s.Kind, Predicate: s.Predicate, Size: uint64(s.Size), Verdict: s.Verdict, Trust: s.Trust}
		n := min(len(subjects), audit.MaxSubjects)
		next.Subjects, subjects = subjects[:n:n], subjects[n:]
		if len(artifacts) > 0 {
			next.Artifact, artifacts = artifacts[0], artifacts[1:]
		}
		all = append(all, next)
	}
	return all, nil
}

func without(some, those []string) []string {
	return slices.DeleteFunc(slices.Clone(some), func(s string) bool { return slices.Contains(those, s) })
}

// Open opens evidence to be read: blobs.ErrNotFound, blobs.ErrDamaged.
func (x *Index) Open(e Entry) (*blobs.Reader, error) {
	digest, err := blobs.ParseDigest("sha256:" + e.Blob)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return x.blobs.Get(digest)
}
