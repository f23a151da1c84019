package jsondoc

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
)

// digests holds the elements of an array that must differ, and what is like it.
// It keeps 16 bytes of each: who makes two that collide has made a document
// that is refused, and nothing else.
type digests struct {
	known map[[16]byte]struct{}
	text  []byte // of the value under way
}

// add reports whether the value is new. Values are equal as the schemas mean
// it: members in any order, 1.0 and 1.
func (d *digests) add(value any) bool {
	d.text = appendCanonical(d.text[:0], value)
	sum := sha256.Sum256(d.text)
	key := [16]byte(sum[:16])
	_, known := d.known[key]
	d.known[key] = struct{}{}
	return !known
}

// appendCanonical writes kinds and lengths before what has them, so that no two
// values are written alike.
func appendCanonical(b []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(b, 'n')
	case bool:
		if value {
			return append(b, 't')
		}
		return append(b, 'f')
	case string:
		return appendPart(b, '"', value)
	case json.Number:
		return appendPart(b, '0', canonicalNumber(string(value)))
	case []any:
		b = appendCount(b, '[', len(value))
		for _, element := range value {
			b = appendCanonical(b, element)
		}
	case map[string]any:
		b = appendCount(b, '{', len(value))
		for _, name := range sorted(value) {
			b = appendCanonical(appendPart(b, '"', name), value[name])
		}
	}
	return b
}

func sorted(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func appendCount(b []byte, kind byte, count int) []byte {
	return binary.AppendUvarint(append(b, kind), uint64(count))
}

func appendPart(b []byte, kind byte, text string) []byte {
	return append(appendCount(b, kind, len(text)), text...)
}

// canonicalNumber gives one text for all that are one number.
func canonicalNumber(text string) string {
	if text != "-0" && !strings.ContainsAny(text, ".eE") {
		return text
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return text
	}
	return r.RatString()
}
