package trust

import (
	"errors"
	"fmt"
	"path"
	"time"
)

// Span is when a key may have signed, and since when it is compromised. A zero
// time leaves that side open; the zero Span says nothing.
type Span struct {
	From, Until time.Time // both inclusive
	Compromised time.Time // what is proved to be older stands; later and undated signatures fall
}

// IsZero tells that nothing is known of the key's times.
func (s Span) IsZero() bool { return s == Span{} }

// Permits tells why a signature does not stand that is proved to be at least as old
// as at, or is undated where at is zero. A signature by a key with any bound needs a
// proven time: without one, nothing shows that it was made within.
func (s Span) Permits(at time.Time) error {
	switch {
	case s.IsZero():
		return nil
	case at.IsZero() && !s.Compromised.IsZero():
		return fmt.Errorf("it is compromised from %s on, and no time is proven for the signature", day(s.Compromised))
	case at.IsZero():
		return errors.New("it is valid for a time, and no time is proven for the signature")
	case !s.Compromised.IsZero() && !at.Before(s.Compromised):
		return fmt.Errorf("it is compromised from %s on, and the signature is not proven to be older than %s", day(s.Compromised), day(at))
	case !s.From.IsZero() && at.Before(s.From):
		return fmt.Errorf("it is valid from %s on, and the signature is of %s", day(s.From), day(at))
	case !s.Until.IsZero() && at.After(s.Until):
		return fmt.Errorf("it was valid until %s, and the signature is not proven to be older than %s", day(s.Until), day(at))
	}
	return nil
}

func day(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// narrowed gives what holds of a key of which both are said.
func (s Span) narrowed(other Span) Span {
	if s.From.Before(other.From) {
		s.From = other.From
	}
	return Span{From: s.From, Until: earlier(s.Until, other.Until), Compromised: earlier(s.Compromised, other.Compromised)}
}

// earlier gives the earlier of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Span gives what the trust root says of the times of a key, known by its ID: of
// the same key in whatever files, and whoever named it. What several tables say all
// holds.
func (t *Trust) Span(keyID string) Span { return t.spans[keyID] }

// keyTable is one [[key]] of a signers.toml.
type keyTable struct {
	File        string `toml:"file"`
	From        string `toml:"valid-from"`
	Until       string `toml:"valid-until"`
	Compromised string `toml:"compromised-from"`
}

func (k keyTable) span() (s Span, err error) {
	for _, field := range []struct {
		name, text string
		to         *time.Time
	}{{"valid-from", k.From, &s.From}, {"valid-until", k.Until, &s.Until}, {"compromised-from", k.Compromised, &s.Compromised}} {
		if *field.to, err = parseTime(field.text); err != nil {
			return s, fmt.Errorf("%s %q: %w", field.name, field.text, err)
		}
	}
	switch {
	case s.IsZero():
		return s, errors.New("a [[key]] with none of valid-from, valid-until and compromised-from says nothing")
	case !s.Until.IsZero() && s.Until.Before(s.From):
		return s, errors.New("valid-until is before valid-from")
	}
	return s, nil
}

// parseTime reads a time in the one form in which it is written.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.UTC().Format(time.RFC3339) != text || at.Unix() <= 0 {
		return time.Time{}, errors.New(`want a time in UTC, such as "2027-01-31T12:00:00Z"`)
	}
	return at.UTC(), nil
}

// addSpan takes what a table says of the keys of its file.
func (t *Trust) addSpan(table keyTable, folder string) error {
	if table.File == "" {
		return errors.New("a [[key]] without its file")
	}
	span, err := table.span()
	if err != nil {
		return err
	}
	name, found := path.Join(folder, table.File), false
	for _, k := range t.Keys {
		if k.Name == name {
			found = true
			t.spans[k.ID] = t.spans[k.ID].narrowed(span)
		}
	}
	if !found {
		return fmt.Errorf("key %q is not in this trust root; name a file beside signers.toml, such as keys/release.pem", name)
	}
	return nil
}
