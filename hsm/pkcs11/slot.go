package pkcs11

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// A selector is which token is meant.
type selector struct {
	text          string
	label, serial string
	number        uint64 // where neither is set
}

// ParseSlot reads "N", "token:LABEL" or "serial:S".
func ParseSlot(text string) (selector, error) {
	s := selector{text: text}
	if label, is := strings.CutPrefix(text, "token:"); is && label != "" {
		s.label = label
		return s, nil
	}
	if serial, is := strings.CutPrefix(text, "serial:"); is && serial != "" {
		s.serial = serial
		return s, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return s, fmt.Errorf("slot %q: token:LABEL, serial:S, or a number", text)
	}
	s.number = n
	return s, nil
}

// among returns the token that is meant. A number is a slot's ID, or where no slot has it, an index among those with a
// token, from 0: an initialised SoftHSM token moves to a slot of another ID.
func (s selector) among(tokens []hsm.Token) (hsm.Token, error) {
	var fit []hsm.Token
	for _, t := range tokens {
		if s.label != "" && t.Label == s.label || s.serial != "" && t.Serial == s.serial ||
			s.label == "" && s.serial == "" && t.Slot == s.number {
			fit = append(fit, t)
		}
	}
	if len(fit) == 0 && s.label == "" && s.serial == "" && s.number < uint64(len(tokens)) {
		fit = tokens[s.number : s.number+1]
	}
	switch {
	case len(fit) == 0:
		return hsm.Token{}, fmt.Errorf("no token is %s; there are %s", s.text, names(tokens))
	case len(fit) > 1:
		return hsm.Token{}, fmt.Errorf("%d tokens are %s; there are %s", len(fit), s.text, names(tokens))
	case !fit[0].Initialised:
		return hsm.Token{}, fmt.Errorf("the token in slot %d is not initialised; there are %s", fit[0].Slot, names(tokens))
	}
	fit[0].Selected = true
	return fit[0], nil
}

func names(tokens []hsm.Token) string {
	if len(tokens) == 0 {
		return "none"
	}
	var all []string
	for _, t := range tokens {
		all = append(all, fmt.Sprintf("token:%s serial:%s in slot %d", t.Label, t.Serial, t.Slot))
	}
	return strings.Join(all, ", ")
}

// look lists the slots with a token.
func (m *Module) look() ([]hsm.Token, error) {
	slots, err := m.ctx.GetSlotList(true)
	if err != nil {
		return nil, err
	}
	var tokens []hsm.Token
	for _, slot := range slots {
		t, err := m.tokenIn(slot)
		if err != nil {
			continue // it went just now, or never was one
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

func (m *Module) tokenIn(slot uint) (hsm.Token, error) {
	t, err := m.ctx.GetTokenInfo(slot)
	has := func(flag uint) bool { return t.Flags&flag != 0 }
	return hsm.Token{
		Slot: uint64(slot), Label: visible(t.Label), Serial: visible(t.SerialNumber),
		Manufacturer: visible(t.ManufacturerID), Model: visible(t.Model),
		Initialised: has(pkcs11.CKF_TOKEN_INITIALIZED), PINCountLow: has(pkcs11.CKF_USER_PIN_COUNT_LOW),
		PINFinalTry: has(pkcs11.CKF_USER_PIN_FINAL_TRY), Locked: has(pkcs11.CKF_USER_PIN_LOCKED),
	}, err
}

// visible reads a padded field of the module's.
func visible(field string) string {
	return strings.ToValidUTF8(strings.TrimRight(field, " \x00"), "\uFFFD")
}
