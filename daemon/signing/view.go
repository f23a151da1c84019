package signing

import (
	"errors"
	"fmt"
	"time"

	"stellad/attest/siglog"
	"stellad/audit"
	"stellad/store"
	"stellad/tlog"
)

// View is the signature log, folded of the audit log:
//
//	head            its size and root
//	tile/…          tiles of hashes, by tlog-tiles' path; the widest alone
//	entry/INDEX     an entry
//	signed/INDEX    what belongs to it
//	request/SHA256  the index of the entry that answered a request
//	intent/SEQ      a signature under way, until the log says what came of it
var View = store.View("siglog", 1, fold)

// Signed is what belongs to an entry of the signature log.
type Signed struct {
	Index   uint64    `json:"index"`
	Seq     uint64    `json:"seq"`  // of its record
	Time    time.Time `json:"time"` // of its record
	Key     string    `json:"key"`  // SHA-256 of the public key
	Blob    string    `json:"blob"` // SHA-256 of envelope and timestamp
	Request string    `json:"request"`
}

func fold(rows store.Rows, _ uint64, line []byte) error {
	rec, body, err := audit.ParseFacts(line)
	if err != nil {
		return err
	}
	switch b := body.(type) {
	case *audit.Intent:
		if b.Act != "sign" {
			return nil
		}
		return rows.PutJSON(intentRow(rec.Seq), b)
	case *audit.Abandoned:
		return rows.Delete(intentRow(b.Intent))
	case *audit.Bundle: // of policies: signed, if here, by the intent
		return rows.Delete(intentRow(b.Intent))
	case *audit.Signed:
		return foldSigned(rows, rec, b)
	}
	return nil
}

func foldSigned(rows store.Rows, rec *audit.Record, b *audit.Signed) error {
	var intent audit.Intent
	if err := rows.GetJSON(intentRow(b.Intent), &intent); err != nil {
		return fmt.Errorf("the intent of record %d: %w", rec.Seq, err)
	}
	was, err := headOf(rows)
	if err != nil {
		return err
	}
	grown, err := siglog.Append(was, reader(rows), b.Entry)
	if err != nil {
		return err
	}
	for _, c := range grown.Changed {
		if err := rows.Put(tileRow(c.Tile), c.Bytes); err != nil {
			return err
		}
	}
	s := Signed{
		Index: grown.First, Seq: rec.Seq, Time: rec.Time, Key: intent.By, Blob: b.Blob, Request: intent.Request,
	}
	return errors.Join(
		rows.PutJSON([]byte("head"), head{grown.Size, grown.Root[:]}),
		rows.Put(entryRow(s.Index), b.Entry),
		rows.PutJSON(signedRow(s.Index), s),
		rows.PutJSON(requestRow(intent.Request), s.Index),
		rows.Delete(intentRow(b.Intent)))
}

// headOf returns the log's size and root.
func headOf(rows store.Rows) (siglog.State, error) {
	var h head
	err := rows.GetJSON([]byte("head"), &h)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return siglog.State{Root: tlog.EmptyRoot()}, nil
	case err == nil && len(h.Root) != len(tlog.Hash{}):
		err = fmt.Errorf("%w: a root of %d bytes", siglog.ErrTree, len(h.Root))
	}
	if err != nil {
		return siglog.State{}, err
	}
	return siglog.State{Size: h.Size, Root: tlog.Hash(h.Root)}, nil
}

type head struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
}

// reader reads tiles: of the one that is kept, as much as is asked for.
func reader(rows store.Rows) siglog.Reader {
	return func(t tlog.Tile) ([]byte, error) {
		tile, err := rows.Get(tileRow(t))
		if err != nil {
			return nil, err
		}
		if len(tile) < t.Width*len(tlog.Hash{}) {
			return nil, fmt.Errorf("%w: %s has %d bytes", siglog.ErrTree, t.Path(), len(tile))
		}
		return tile[:t.Width*len(tlog.Hash{})], nil
	}
}

// tileRow is where a tile stands, whatever its width.
func tileRow(t tlog.Tile) []byte {
	t.Width = 256
	return []byte(t.Path())
}

func entryRow(index uint64) []byte  { return fmt.Appendf(nil, "entry/%020d", index) }
func signedRow(index uint64) []byte { return fmt.Appendf(nil, "signed/%020d", index) }
func requestRow(sum string) []byte  { return []byte("request/" + sum) }
func intentRow(seq uint64) []byte   { return fmt.Appendf(nil, "intent/%020d", seq) }
