package signing

import (
	"context"
	"fmt"

	"stellad/store"
)

// Reverify puts together again, and verifies by what is published now, each signature that a key made. failed has a line
// for each that does not hold.
func (s *Service) Reverify(ctx context.Context, key string) (verified uint64, failed []string, err error) {
	state, err := s.head()
	if err != nil {
		return 0, nil, err
	}
	for index := range state.Size {
		if err := ctx.Err(); err != nil {
			return verified, failed, err
		}
		var signed Signed
		if err := s.journal.Read(func(tx *store.Tx) error { return tx.In(View).GetJSON(signedRow(index), &signed) }); err != nil {
			return verified, failed, err
		}
		if signed.Key != key {
			continue
		}
		if _, err := s.Bundle(ctx, signed); err != nil {
			failed = append(failed, fmt.Sprintf("entry %d: %v", index, err))
			continue
		}
		verified++
	}
	return verified, failed, nil
}
