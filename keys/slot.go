package keys

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stellad/hsm"
)

// InSlot tells whether slot means the token in service, else ErrSlot. It is the ID of a slot or, where no slot with a
// token has that, an index among those; token:LABEL; serial:S; or "", which means any.
func (r *Registry) InSlot(ctx context.Context, slot string) error {
	if slot == "" {
		return nil
	}
	all, err := r.token.Tokens(ctx)
	if err != nil {
		return err
	}
	t, err := meant(slot, all)
	if err != nil {
		return err
	}
	if !t.Selected {
		return fmt.Errorf("%w: %s is the token %q; a key is made in the one in service, which stellad-hsm.toml says", ErrSlot, slot, t.Label)
	}
	return nil
}

func meant(slot string, all []hsm.Token) (hsm.Token, error) {
	var matches func(hsm.Token) bool
	label, byLabel := strings.CutPrefix(slot, "token:")
	serial, bySerial := strings.CutPrefix(slot, "serial:")
	n, err := strconv.ParseUint(slot, 10, 64)
	switch {
	case byLabel:
		matches = func(t hsm.Token) bool { return t.Label == label }
	case bySerial:
		matches = func(t hsm.Token) bool { return t.Serial == serial }
	case err == nil:
		matches = func(t hsm.Token) bool { return t.Slot == n }
	default:
		return hsm.Token{}, fmt.Errorf("%w: %q: a number, token:LABEL or serial:S", ErrSlot, slot)
	}
	if i := slices.IndexFunc(all, matches); i >= 0 {
		return all[i], nil
	}
	if err == nil && n < uint64(len(all)) {
		return all[n], nil
	}
	return hsm.Token{}, fmt.Errorf("%w: there is no token in %s", ErrSlot, slot)
}
