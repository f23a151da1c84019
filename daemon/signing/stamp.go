package signing

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"stellad/attest/tsa"
	"stellad/audit"
	"stellad/keys"
)

// Stamp answers an RFC 3161 request, in DER, with the time as it is. There is always an answer to send, where there is a
// token or the request is refused: err says why, and wraps one of tsa's. Any other error has none.
//
// The record of a token is durable before there is one. A clock that is doubtful lets no record be written, so no token.
func (s *Service) Stamp(ctx context.Context, act audit.Record, request []byte) (response []byte, err error) {
	a, err := s.authority()
	if err != nil {
		return nil, err
	}
	hash, digest, err := tsa.Imprint(request)
	if err != nil {
		return a.Answer(request, s.now(), accuracy) // a rejection, with no signature
	}
	act.Type, act.V, act.Outcome = "stamp", 1, "ok"
	body := audit.Stamp{Algorithm: strings.ToLower(hash.String()), Digest: hex.EncodeToString(digest), Key: a.key}
	if _, err := s.journal.Write(ctx, act, body, nil); err != nil {
		return nil, err
	}
	response, err = a.Answer(request, s.now(), accuracy)
	if errors.Is(err, tsa.ErrAuthority) {
		return nil, keys.Lost(err) // a rejection would have the client think that it asked for something wrong
	}
	return response, err
}
