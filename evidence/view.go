package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"stellad/audit"
	"stellad/store"
)

// View is the index, folded of the audit log:
//
//	blob/SHA256              the Entry
//	seq/SEQ                  its blob, in the order of the log
//	kind/KIND/SEQ            likewise, of one kind
//	artifact/ARTIFACT/SEQ    likewise, of one artifact
//
// SEQ is that of the blob's first record.
var View = store.View("evidence", 1, fold)

// An Entry is what the log says of a piece of evidence.
type Entry struct {
	Blob      string    `json:"blob"` // SHA-256, lower-case hex
	Kind      string    `json:"kind"`
	Size      uint64    `json:"size"` // bytes
	Predicate string    `json:"predicate,omitzero"`
	Subjects  []string  `json:"subjects,omitzero"`  // that it states itself, ascending
	Artifacts []string  `json:"artifacts,omitzero"` // that it is said to be about, ascending
	Verdict   string    `json:"verdict"`            // when it was last verified
	Trust     string    `json:"trust,omitzero"`     // SHA-256 of the trust root then
	Seq       uint64    `json:"seq"`                // of its first record
	Time      time.Time `json:"time"`               // likewise
	UID       uint32    `json:"uid"`                // who added it first
}

func fold(rows store.Rows, _ uint64, line []byte) error {
	rec, body, err := audit.ParseFacts(line)
	if err != nil {
		return err
	}
	b, ours := body.(*audit.Evidence)
	if !ours {
		return nil
	}
	var e Entry
	switch err := rows.GetJSON(blobRow(b.Blob), &e); {
	case errors.Is(err, store.ErrNotFound):
		e = Entry{Blob: b.Blob, Seq: rec.Seq, Time: rec.Time}
		if rec.Actor != nil {
			e.UID = rec.Actor.UID
		}
	case err != nil:
		return err
	}
	return e.fold(rows, b)
}

// fold adds what a record says.
func (e *Entry) fold(rows store.Rows, b *audit.Evidence) error {
	name := []byte(e.Blob)
	e.Kind, e.Size, e.Predicate, e.Verdict, e.Trust = b.Kind, b.Size, b.Predicate, b.Verdict, b.Trust
	e.Subjects = union(e.Subjects, b.Subjects...)
	err := errors.Join(rows.Put(seqRow(e.Seq), name), rows.Put(kindRow(e.Kind, e.Seq), name))
	for _, s := range b.Subjects {
		err = errors.Join(err, rows.Put(artifactRow(s, e.Seq), name))
	}
	if b.Artifact != "" {
		e.Artifacts = union(e.Artifacts, b.Artifact)
		err = errors.Join(err, rows.Put(artifactRow(b.Artifact, e.Seq), name))
	}
	return errors.Join(err, rows.PutJSON(blobRow(e.Blob), e))
}

func union(some []string, more ...string) []string {
	all := slices.Concat(some, more)
	slices.Sort(all)
	return slices.Compact(all)
}

func blobRow(sha256 string) []byte           { return []byte("blob/" + sha256) }
func seqRow(seq uint64) []byte               { return fmt.Appendf(nil, "seq/%020d", seq) }
func kindRow(kind string, seq uint64) []byte { return fmt.Appendf(nil, "kind/%s/%020d", kind, seq) }

func artifactRow(artifact string, seq uint64) []byte {
	return fmt.Appendf(nil, "artifact/%s/%020d", artifact, seq)
}
