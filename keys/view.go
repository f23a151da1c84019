package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"stellad/audit"
	"stellad/store"
)

// View is the registry, folded of the audit log:
//
//	key/SHA256     the key's Entry
//	label/LABEL    its SHA256
//	intent/SEQ     a key that is to be made or destroyed, until the log says what came of it
var View = store.View("keys", 2, fold)

// one are the roles of which one key is active at a time.
var one = map[string]bool{Audit: true, Log: true, Timestamp: true}

func fold(rows store.Rows, _ uint64, line []byte) error {
	rec, body, err := audit.ParseFacts(line)
	if err != nil {
		return err
	}
	switch b := body.(type) {
	case *audit.Intent:
		if b.Act == "sign" {
			return nil
		}
		return rows.PutJSON(intentRow(rec.Seq), b)
	case *audit.Abandoned:
		return rows.Delete(intentRow(b.Intent))
	case *audit.Key:
		return foldKey(rows, rec, b)
	case *audit.Rotation:
		return foldRotation(rows, rec.Time, b)
	case *audit.Compromised:
		return change(rows, b.Key, func(e *Entry) { e.Compromised = time.Time(b.Time) })
	case *audit.Destroyed:
		return errors.Join(
			change(rows, b.Key, func(e *Entry) { e.Destroyed = rec.Time }),
			rows.Delete(intentRow(b.Intent)))
	}
	return nil
}

func foldKey(rows store.Rows, rec *audit.Record, k *audit.Key) error {
	e := Entry{Key: *k, Made: rec.Time}
	taken := false
	if one[k.Role] {
		err := each(rows, func(other Entry) error {
			taken = taken || other.Role == k.Role && other.State() == Active
			return nil
		})
		if err != nil {
			return err
		}
	}
	if k.Replaces == "" && !taken {
		e.From = rec.Time
	}
	return errors.Join(
		rows.PutJSON(keyRow(e.SHA256()), e),
		rows.Put(labelRow(k.Label), []byte(e.SHA256())),
		rows.Delete(intentRow(k.Intent)))
}

func foldRotation(rows store.Rows, at time.Time, r *audit.Rotation) error {
	return errors.Join(
		change(rows, r.Old, func(e *Entry) { e.Until, e.Successor = at, r.New }),
		change(rows, r.New, func(e *Entry) { e.From = at }))
}

func keyRow(sha256 string) []byte  { return []byte("key/" + sha256) }
func labelRow(label string) []byte { return []byte("label/" + label) }
func intentRow(seq uint64) []byte  { return fmt.Appendf(nil, "intent/%020d", seq) }

// get returns ErrUnknown where there is no such key.
func get(rows store.Rows, sha256 string) (e Entry, err error) {
	err = rows.GetJSON(keyRow(sha256), &e)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("%w: %s", ErrUnknown, sha256)
	}
	return e, err
}

func change(rows store.Rows, sha256 string, to func(*Entry)) error {
	e, err := get(rows, sha256)
	if err != nil {
		return err
	}
	to(&e)
	return rows.PutJSON(keyRow(sha256), e)
}

func each(rows store.Rows, visit func(Entry) error) error {
	return rows.Each([]byte("key/"), nil, func(_, text []byte) error {
		var e Entry
		if err := json.Unmarshal(text, &e); err != nil {
			return err
		}
		return visit(e)
	})
}
