package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"stellad/attest/trust"
	"stellad/audit"
	"stellad/hsm"
)

// An Entry is what the log says of a key.
type Entry struct {
	audit.Key

	Made        time.Time `json:"made"`
	From        time.Time `json:"from,omitzero"`        // when it became active; zero while it is pending
	Until       time.Time `json:"until,omitzero"`       // when another took its place
	Compromised time.Time `json:"compromised,omitzero"` // since when it is not believed
	Destroyed   time.Time `json:"destroyed,omitzero"`   // when the token had it no more
	Successor   string    `json:"successor,omitzero"`   // SHA-256 of the public key that took its place
}

// State is where in its life a key is.
type State string

// The states, of which a later one here goes before the others. When a key was compromised counts in each.
const (
	Pending     State = "pending"
	Active      State = "active"
	Retired     State = "retired"
	Compromised State = "compromised"
	Destroyed   State = "destroyed"
)

// State returns the key's state.
func (e Entry) State() State {
	switch {
	case !e.Destroyed.IsZero():
		return Destroyed
	case !e.Compromised.IsZero():
		return Compromised
	case e.From.IsZero():
		return Pending
	case !e.Until.IsZero():
		return Retired
	}
	return Active
}

// SHA256 names the key: of its SubjectPublicKeyInfo, in lower-case hex.
func (e Entry) SHA256() string { return nameOf(e.Public) }

func nameOf(spki []byte) string {
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:])
}

// Reference means this key in the token, and no other.
func (e Entry) Reference() hsm.Reference {
	id, _ := hex.DecodeString(e.ID) // it was checked when it was written
	return hsm.Reference{Label: e.Label, ID: id, Public: e.Public}
}

// Span is when the key may have signed. Whole seconds, which contain the record's times.
func (e Entry) Span() trust.Span {
	s := trust.Span{From: e.From.Truncate(time.Second), Until: e.Until, Compromised: e.Compromised.Truncate(time.Second)}
	if cut := e.Until.Truncate(time.Second); !cut.Equal(e.Until) {
		s.Until = cut.Add(time.Second)
	}
	return s
}
