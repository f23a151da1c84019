package hsm

import (
	"crypto"
	"fmt"
	"strings"

	"stellad/hsm/hsmpb"
)

// This file turns values into messages and back, for the client and for package server.

// Proto returns r as a message.
func (r Reference) Proto() *hsmpb.Reference {
	return &hsmpb.Reference{Label: r.Label, Id: r.ID, PublicKey: r.Public}
}

// ReferenceOf reads a message. A nil one is the zero Reference.
func ReferenceOf(m *hsmpb.Reference) Reference {
	return Reference{m.GetLabel(), m.GetId(), m.GetPublicKey()}
}

// Proto returns a as a message. A label of others that is not UTF-8 has replacement characters in it: such a key is meant
// by its ID.
func (a Attributes) Proto() *hsmpb.Attributes {
	return &hsmpb.Attributes{
		Label: strings.ToValidUTF8(a.Label, "\uFFFD"), Id: a.ID, PublicKey: a.Public, Algorithm: string(a.Algorithm),
		Private: a.Private, Sensitive: a.Sensitive, AlwaysSensitive: a.AlwaysSensitive,
		Extractable: a.Extractable, NeverExtractable: a.NeverExtractable, Local: a.Local,
		Sign: a.Sign, Decrypt: a.Decrypt, Wrap: a.Wrap, Unwrap: a.Unwrap, Derive: a.Derive, Doubts: a.Doubts,
	}
}

// AttributesOf reads a message.
func AttributesOf(m *hsmpb.Attributes) Attributes {
	return Attributes{
		Label: m.GetLabel(), ID: m.GetId(), Public: m.GetPublicKey(), Algorithm: Algorithm(m.GetAlgorithm()),
		Private: m.GetPrivate(), Sensitive: m.GetSensitive(), AlwaysSensitive: m.GetAlwaysSensitive(),
		Extractable: m.GetExtractable(), NeverExtractable: m.GetNeverExtractable(), Local: m.GetLocal(),
		Sign: m.GetSign(), Decrypt: m.GetDecrypt(), Wrap: m.GetWrap(), Unwrap: m.GetUnwrap(), Derive: m.GetDerive(),
		Doubts: m.GetDoubts(),
	}
}

// Proto returns t as a message.
func (t Token) Proto() *hsmpb.Token {
	return &hsmpb.Token{
		Slot: t.Slot, Label: t.Label, Serial: t.Serial, Manufacturer: t.Manufacturer, Model: t.Model,
		Initialised: t.Initialised, PinCountLow: t.PINCountLow, PinFinalTry: t.PINFinalTry, PinLocked: t.Locked,
		Selected: t.Selected,
	}
}

func tokenOf(m *hsmpb.Token) Token {
	return Token{
		Slot: m.GetSlot(), Label: m.GetLabel(), Serial: m.GetSerial(), Manufacturer: m.GetManufacturer(),
		Model: m.GetModel(), Initialised: m.GetInitialised(), PINCountLow: m.GetPinCountLow(),
		PINFinalTry: m.GetPinFinalTry(), Locked: m.GetPinLocked(), Selected: m.GetSelected(),
	}
}

// Proto returns s as a message.
func (s Status) Proto() *hsmpb.GetStatusResponse {
	m := &hsmpb.GetStatusResponse{
		Backend: s.Backend, Module: s.Module, Library: s.Library, Mechanisms: s.Mechanisms, LoggedIn: s.LoggedIn,
		LastError: s.LastError, Sessions: uint32(s.Sessions), SessionsHung: uint32(s.SessionsHung),
		Signatures: s.Signatures, Reconnects: s.Reconnects,
	}
	if s.Token != nil {
		m.Token = s.Token.Proto()
	}
	return m
}

func statusOf(m *hsmpb.GetStatusResponse) Status {
	s := Status{
		Backend: m.GetBackend(), Module: m.GetModule(), Library: m.GetLibrary(), Mechanisms: m.GetMechanisms(),
		LoggedIn: m.GetLoggedIn(), LastError: m.GetLastError(), Sessions: int(m.GetSessions()),
		SessionsHung: int(m.GetSessionsHung()), Signatures: m.GetSignatures(), Reconnects: m.GetReconnects(),
	}
	if m.GetToken() != nil {
		t := tokenOf(m.GetToken())
		s.Token = &t
	}
	return s
}

// HashOf reads a hash's name, "" being 0; ErrInvalid for one that is not used here.
func HashOf(name string) (crypto.Hash, error) {
	for _, h := range []crypto.Hash{0, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if NameOf(h) == name {
			return h, nil
		}
	}
	return 0, fmt.Errorf("%w: hash %q is none that is used here", ErrInvalid, name)
}

// NameOf is the name that HashOf reads.
func NameOf(hash crypto.Hash) string {
	if hash == 0 {
		return ""
	}
	return hash.String()
}
