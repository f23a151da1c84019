package store

import (
	"encoding/json"
	"fmt"
)

// A head says what a keyspace holds. It commits with every change of it.
type head struct {
	Kind    Kind   `json:"kind"`
	Version uint32 `json:"version,omitempty"` // of a view's fold
	Applied uint64 `json:"applied,omitempty"` // records that a view has folded: the next one's sequence number
	Last    sum    `json:"last,omitzero"`     // checksum of the last record that a view has folded
	Commits uint64 `json:"commits"`           // that changed it: of two heads the one with more is the newer
	Count   uint64 `json:"count"`             // of its keys
	Digest  sum    `json:"digest"`            // exclusive or of its values' checksums
	Doubt   string `json:"doubt,omitempty"`   // of content: what went missing, until Settle
}

// differs tells how what was found differs from what h says; "" where it does not.
func (h head) differs(f found) string {
	switch {
	case f.Bad > 0:
		return fmt.Sprintf("%d of %d values fail their checksum", f.Bad, f.Count)
	case f.Count != h.Count:
		return fmt.Sprintf("%d keys where there should be %d", f.Count, h.Count)
	case f.Digest != h.Digest:
		return fmt.Sprintf("the %d values are not those that were written", f.Count)
	}
	return ""
}

// found is what reading a whole keyspace found.
type found struct {
	Count  uint64 `json:"count"`
	Digest sum    `json:"digest"`
	Bad    uint64 `json:"bad,omitempty"` // values that fail their checksum
}

// headKey is where the head of a keyspace stands in Badger.
func headKey(id string) string { return headPrefix + id }

var headPrefix = prefix(meta, "head")

func (h head) seal(id string) []byte {
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // a head has nothing that JSON cannot hold
	}
	return seal(headKey(id), text)
}

func unsealHead(key string, sealed []byte) (h head, err error) {
	text, err := unseal(key, sealed)
	if err != nil {
		return head{}, err
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return head{}, fmt.Errorf("%w: %q: %w", ErrDamaged, key, err)
	}
	return h, nil
}
