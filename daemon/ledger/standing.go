package ledger

import (
	"encoding/json"
	"errors"
	"fmt"

	"stellad/audit"
	"stellad/store"
)

// standing is the view of what is in force: the last record of each type that puts something in force, by type.
var standing = store.View("standing", 1, foldStanding)

func foldStanding(rows store.Rows, _ uint64, line []byte) error {
	rec, err := audit.ParseLine(line)
	if err != nil {
		return err
	}
	switch rec.Type {
	case typeGenesis, typePolicy, typeTrust:
		return rows.Put([]byte(rec.Type), rec.Body)
	}
	return nil
}

// Read reads the views, all as they are after one record.
func (l *Ledger) Read(fn func(tx *store.Tx) error) error { return l.store.Read(fn) }

// stands reads what a type's last record put in force into body, and tells whether there is one.
func (l *Ledger) stands(kind string, body any) (bool, error) {
	var text []byte
	err := l.Read(func(tx *store.Tx) (err error) {
		text, err = tx.In(standing).Get([]byte(kind))
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("what is in force: %w", err)
	}
	return true, json.Unmarshal(text, body)
}

// Policy returns the access policy that the log says is in force; the zero value where it says none.
func (l *Ledger) Policy() (p audit.Policy, err error) {
	_, err = l.stands(typePolicy, &p)
	return p, err
}

// Trust returns the trust root that the log says is in force; the zero value where it says none.
func (l *Ledger) Trust() (t audit.Trust, err error) {
	_, err = l.stands(typeTrust, &t)
	return t, err
}
