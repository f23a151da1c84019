package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

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

// An Examination reads content from its beginning and says what it is. What it is not wraps ErrRefused.
type Examination func(ctx context.Context, content *os.File) (Findings, error)

// An Addition is content that is brought.
type Addition struct {
	Content  io.Reader
	Limit    int64  // bytes
	Artifact string // that the bringer says it is about, or ""
	Examine  Examination
}

// Add takes evidence in. act is the record of whoever brings it. Added is false where all of it was known already and its
// verdict is the same. Its record is durable when it returns. Errors are Examine's, the content's reader's, blobs', and
// the journal's; nothing is evidence then that was not before.
func (x *Index) Add(ctx context.Context, act audit.Record, a Addition) (e Entry, added bool, err error) {
	staged, err := x.blobs.Stage(a.Content, a.Limit)
	if err != nil {
		return e, false, err
	}
	defer staged.Discard()
	found, err := examine(ctx, staged, a.Examine)
	if err != nil {
		return e, false, err
	}
	blob := staged.Digest.String()[len("sha256:"):]
	todo, err := x.todo(blob, staged.Size, a.Artifact, found)
	if err != nil {
		return e, false, err
	}
	if err := staged.Keep(); err != nil { // also over one that is there: it may be damaged
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

func examine(ctx context.Context, staged *blobs.Staged, by Examination) (Findings, error) {
	f, err := staged.Open()
	if err != nil {
		return Findings{}, err
	}
	found, err := by(ctx, f)
	return found, errors.Join(err, f.Close())
}

// todo gives the records that say what the index does not say yet: none where it says all.
func (x *Index) todo(blob string, size int64, artifact string, found Findings) ([]audit.Evidence, error) {
	base := audit.Evidence{
		Blob: blob, Kind: found.Kind, Predicate: found.Predicate, Size: uint64(size), Verdict: found.Verdict, Trust: found.Trust,
	}
	known, err := x.Get(blob)
	switch {
	case errors.Is(err, ErrUnknown):
	case err != nil:
		return nil, err
	default:
		if slices.Contains(known.Artifacts, artifact) {
			artifact = ""
		}
	}
	unsaid := slices.DeleteFunc(union(nil, found.Subjects...), func(s string) bool { return slices.Contains(known.Subjects, s) })
	same := known.Kind == found.Kind && known.Predicate == found.Predicate && known.Verdict == found.Verdict && known.Trust == found.Trust
	if same && artifact == "" && len(unsaid) == 0 {
		return nil, nil
	}
	var all []audit.Evidence
	for more := range slices.Chunk(unsaid, audit.MaxSubjects) {
		next := base
		next.Subjects = more
		all = append(all, next)
	}
	if len(all) == 0 {
		all = append(all, base)
	}
	all[0].Artifact = artifact
	return all, nil
}

// Open opens evidence to be read: blobs.ErrNotFound, blobs.ErrDamaged.
func (x *Index) Open(e Entry) (*blobs.Reader, error) {
	digest, err := blobs.ParseDigest("sha256:" + e.Blob)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return x.blobs.Get(digest)
}
