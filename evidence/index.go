package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"stellad/audit"
	"stellad/store"
	"stellad/store/blobs"
)

// A Journal takes records and has View follow them, durably, before Write returns.
type Journal interface {
	Write(ctx context.Context, rec audit.Record, body any, note map[string]string) (*audit.Record, error)
	Read(fn func(*store.Tx) error) error
}

// An Index is the evidence that there is. It is safe for concurrent use.
type Index struct {
	journal Journal
	blobs   *blobs.Dir
}

// New makes the index. The journal's store must have View.
func New(journal Journal, content *blobs.Dir) *Index { return &Index{journal, content} }

// MaxPage is the most entries that List returns.
const MaxPage = 1000

// A Filter selects entries. Its zero value selects all.
type Filter struct {
	Artifact string // a whole digest: those that state it or are said to be about it
	Kind     string
	Verdict  string
}

func (f Filter) selects(e Entry) bool {
	return (f.Kind == "" || e.Kind == f.Kind) && (f.Verdict == "" || e.Verdict == f.Verdict)
}

// rows gives the rows that have what the filter selects, and perhaps more, in the log's order.
func (f Filter) rows() (prefix []byte) {
	switch {
	case f.Artifact != "":
		return []byte("artifact/" + f.Artifact + "/")
	case f.Kind != "":
		return []byte("kind/" + f.Kind + "/")
	}
	return []byte("seq/")
}

var errEnough = errors.New("enough")

// List returns entries from a seq on, in the log's order: up to limit of them, at most MaxPage. Next is where the next
// page begins, 0 where there is none.
func (x *Index) List(f Filter, from uint64, limit int) (page []Entry, next uint64, err error) {
	limit = min(limit, MaxPage)
	err = x.journal.Read(func(tx *store.Tx) error {
		rows, prefix := tx.In(View), f.rows()
		return rows.Each(prefix, fmt.Appendf(prefix[:len(prefix):len(prefix)], "%020d", from), func(_, blob []byte) error {
			var e Entry
			if err := rows.GetJSON(blobRow(string(blob)), &e); err != nil || !f.selects(e) {
				return err
			}
			if len(page) == limit {
				next = e.Seq
				return errEnough
			}
			page = append(page, e)
			return nil
		})
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return page, next, err
}

// Get returns what the log says of a blob, else ErrUnknown.
func (x *Index) Get(sha256 string) (e Entry, err error) {
	err = x.journal.Read(func(tx *store.Tx) error {
		err := tx.In(View).GetJSON(blobRow(sha256), &e)
		if errors.Is(err, store.ErrNotFound) {
			err = fmt.Errorf("%w: sha256:%s", ErrUnknown, sha256)
		}
		return err
	})
	return e, err
}

// Find returns the one entry whose blob's SHA-256 begins with so many digits: ErrUnknown, ErrAmbiguous.
func (x *Index) Find(prefix string) (Entry, error) {
	var found []Entry
	err := x.journal.Read(func(tx *store.Tx) error {
		return tx.In(View).Each(blobRow(prefix), nil, func(_, text []byte) error {
			var e Entry
			err := json.Unmarshal(text, &e)
			if found = append(found, e); len(found) > 1 {
				return errEnough
			}
			return err
		})
	})
	if err != nil && !errors.Is(err, errEnough) {
		return Entry{}, err
	}
	switch len(found) {
	case 0:
		return Entry{}, fmt.Errorf("%w: sha256:%s", ErrUnknown, prefix)
	case 1:
		return found[0], nil
	}
	return Entry{}, fmt.Errorf("%w: sha256:%s is of sha256:%s and sha256:%s, perhaps of others", ErrAmbiguous, prefix, found[0].Blob, found[1].Blob)
}

// Artifact returns the one artifact of which there is evidence and whose digest begins like a text such as sha256:abcdef:
// ErrUnknown, ErrAmbiguous.
func (x *Index) Artifact(text string) (artifact string, err error) {
	prefix := []byte("artifact/" + text)
	err = x.journal.Read(func(tx *store.Tx) error {
		first, err := firstArtifact(tx, prefix, nil)
		if err != nil || first == "" {
			return errors.Join(err, fmt.Errorf("%w of %s", ErrUnknown, text))
		}
		artifact = first
		// Behind the last row that the first can have: '0' follows '/'.
		second, err := firstArtifact(tx, prefix, []byte("artifact/"+first+"0"))
		if err == nil && second != "" {
			err = fmt.Errorf("%w: %s is of %s and %s, perhaps of others", ErrAmbiguous, text, first, second)
		}
		return err
	})
	return artifact, err
}

// firstArtifact names the artifact of the first row, or "".
func firstArtifact(tx *store.Tx, prefix, from []byte) (artifact string, err error) {
	err = tx.In(View).Each(prefix, from, func(key, _ []byte) error {
		artifact, _, _ = strings.Cut(strings.TrimPrefix(string(key), "artifact/"), "/")
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return artifact, err
}
