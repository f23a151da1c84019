// Package publish writes a trust root: the folder by which others verify what an
// appliance signs, with what package trust and stock cosign read.
//
//	trusted_root.json      the signature log's keys and the timestamping authorities (Sigstore)
//	keys/LABEL.pem         the keys that sign attestations
//	signers.toml           that they are accepted, and when: spans, and since when one is compromised
//	logs/NAME.vkey         the signature log's keys (C2SP)
//	logs/NAME-audit.vkey   the audit log's keys
//
// A trusted root has no place for the keys that sign; and a key that is retired or
// compromised stays in the folder, since what it signed before is judged by it.
package publish

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"stellad/attest/siglog"
	"stellad/attest/sign"
	"stellad/attest/trust"
	"stellad/tlog"
)

// ErrPublish is wrapped by every reason for which nothing is published.
var ErrPublish = errors.New("not a trust root that can be published")

// Appliance is what an appliance publishes of itself. The order of its lists
// counts for nothing.
type Appliance struct {
	Name         string // its own, the signature log's origin: a bare hostname
	Keys         []Key  // that sign attestations; at least one
	Logs         []Log  // keys of its signature log; at least one
	Audit        []crypto.PublicKey
	Timestampers []Timestamper // at least one
}

// Key signs attestations: ECDSA on P-256. Times are whole seconds; a zero one leaves
// its side open, but From, which every key has.
type Key struct {
	Label  string // of letters, digits, '.', '_' and '-', 1 to 64
	Public crypto.PublicKey
	Span   trust.Span
}

// Log is a key of the signature log, Ed25519 or ECDSA on P-256. Until is zero for
// the one in use.
type Log struct {
	Public      crypto.PublicKey
	From, Until time.Time
}

// Timestamper is a timestamping authority. Until is zero for one in use: then its
// certificate's end counts.
type Timestamper struct {
	Leaf, Root  *x509.Certificate
	From, Until time.Time
}

var label = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)

// Files gives the files of the trust root, sorted by name. The same appliance gives
// the same bytes. They are read with package trust before they are given. Errors
// wrap ErrPublish.
func (a Appliance) Files() ([]trust.File, error) {
	files, err := a.files()
	if err != nil {
		return nil, fmt.Errorf("publish trust: %w: %w", ErrPublish, err)
	}
	return files, nil
}

func (a Appliance) files() ([]trust.File, error) {
	a = a.sorted()
	if err := a.check(); err != nil {
		return nil, err
	}
	root, err := a.trustedRoot()
	if err != nil {
		return nil, err
	}
	logs, err := a.logKeys()
	if err != nil {
		return nil, err
	}
	keys, err := a.keyFiles()
	if err != nil {
		return nil, err
	}
	files := slices.Concat(keys, logs, []trust.File{{Name: "signers.toml", Bytes: a.signers()}, {Name: "trusted_root.json", Bytes: root}})
	read, err := trust.Parse(files)
	if err != nil {
		return nil, err
	}
	if len(read.Keys) != len(a.Keys) || len(read.Signers) != len(a.Keys) || len(read.Roots) != 1 {
		return nil, errors.New("it would be read as another")
	}
	for _, k := range a.Keys {
		if id, err := keyID(k.Public); err != nil || read.Span(id) != k.Span {
			return nil, fmt.Errorf("key %s: its span would be read as another", k.Label)
		}
	}
	return files, nil
}

// sorted gives the lists in one order, and times as they are written.
func (a Appliance) sorted() Appliance {
	a.Keys, a.Logs, a.Timestampers, a.Audit = slices.Clone(a.Keys), slices.Clone(a.Logs), slices.Clone(a.Timestampers), slices.Clone(a.Audit)
	for i := range a.Keys {
		s := &a.Keys[i].Span
		s.From, s.Until, s.Compromised = seconds(s.From), seconds(s.Until), seconds(s.Compromised)
	}
	for i := range a.Logs {
		l := &a.Logs[i]
		l.From, l.Until = seconds(l.From), seconds(l.Until)
	}
	for i := range a.Timestampers {
		t := &a.Timestampers[i]
		t.From, t.Until = seconds(t.From), seconds(t.Until)
	}
	slices.SortFunc(a.Keys, func(x, y Key) int { return cmp.Compare(x.Label, y.Label) })
	slices.SortFunc(a.Logs, func(x, y Log) int {
		return cmp.Or(x.From.Compare(y.From), cmp.Compare(spkiOf(x.Public), spkiOf(y.Public)))
	})
	slices.SortFunc(a.Timestampers, func(x, y Timestamper) int {
		return cmp.Or(x.From.Compare(y.From), cmp.Compare(string(rawOf(x.Leaf)), string(rawOf(y.Leaf))))
	})
	slices.SortFunc(a.Audit, func(x, y crypto.PublicKey) int { return cmp.Compare(spkiOf(x), spkiOf(y)) })
	return a
}

func seconds(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

func (a Appliance) check() error {
	if err := siglog.CheckName(a.Name); err != nil {
		return err
	}
	if len(a.Keys) == 0 || len(a.Logs) == 0 || len(a.Timestampers) == 0 {
		return errors.New("it needs a key, a log and a timestamping authority")
	}
	labels, ids := map[string]bool{}, map[string]bool{}
	for _, k := range a.Keys {
		id, err := keyID(k.Public)
		switch {
		case !label.MatchString(k.Label):
			return fmt.Errorf("%.80q is no key's label", k.Label)
		case err != nil:
			return fmt.Errorf("key %s: %w", k.Label, err)
		case labels[k.Label] || ids[id]:
			return fmt.Errorf("key %s stands there twice", k.Label)
		case k.Span.From.IsZero():
			return fmt.Errorf("key %s has no time from which it is valid", k.Label)
		}
		labels[k.Label], ids[id] = true, true
	}
	for i, t := range a.Timestampers {
		if slices.ContainsFunc(a.Timestampers[:i], func(o Timestamper) bool { return bytes.Equal(rawOf(o.Leaf), rawOf(t.Leaf)) }) {
			return errors.New("a timestamping authority stands there twice")
		}
	}
	return nil
}

func keyID(public crypto.PublicKey) (string, error) {
	if err := sign.CheckKey(public); err != nil {
		return "", err
	}
	return trust.KeyID(public)
}

func spkiOf(public crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "" // it is refused where it is used
	}
	return string(der)
}

func rawOf(c *x509.Certificate) []byte {
	if c == nil {
		return nil
	}
	return c.Raw
}

// logKeys gives the verifier keys of both logs.
func (a Appliance) logKeys() ([]trust.File, error) {
	var logs []crypto.PublicKey
	for _, l := range a.Logs {
		logs = append(logs, l.Public)
	}
	var files []trust.File
	for _, f := range []struct {
		name, origin string
		keys         []crypto.PublicKey
	}{{"logs/" + a.Name + "-audit.vkey", a.Name + "/audit", a.Audit}, {"logs/" + a.Name + ".vkey", a.Name, logs}} {
		var text []byte
		for _, public := range f.keys {
			key, err := tlog.NewVerifierKey(f.origin, public)
			if err != nil {
				return nil, err
			}
			text = fmt.Appendln(text, key)
		}
		if len(text) > 0 {
			files = append(files, trust.File{Name: f.name, Bytes: text})
		}
	}
	return files, nil
}
