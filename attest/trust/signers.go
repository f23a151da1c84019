package trust

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"

	"stellad/internal/stricttoml"
)

// Signer is who is accepted, and for what.
type Signer struct {
	Name  string // what its writer calls it, or ""
	Where string // "signers.toml:12" or Caller, for messages

	// A certificate's signer: both must match. Zero for a key's.
	Identity, Issuer Match
	// A key's signer: any of them. Empty for a certificate's.
	Keys []*Key

	PredicateTypes []string // empty: any, message signatures too
	Needs          Needs
}

// Caller is where a signer stands that whoever asks for a verdict names.
const Caller = "the caller"

// Needs is how much proof a signer's attestations must carry. Unset asks for
// what the trust root can prove: a log entry wherever it knows logs.
type Needs struct {
	Signatures int // distinct keys over one envelope; at least 1
	LogEntries int // in distinct logs; Unset or 0 and more
	Timestamps int // by distinct observers; Unset or 0 and more
}

// Unset stands for a number that nobody wrote.
const Unset = -1

// DefaultNeeds is what a signer needs of which nothing else is said.
var DefaultNeeds = Needs{Signatures: 1, LogEntries: Unset, Timestamps: Unset}

// Match is a text to be equal to, a pattern to be found, or neither. Both set
// must both hold.
type Match struct {
	Exact   string
	Pattern *regexp.Regexp
}

// IsZero tells that there is nothing to match.
func (m Match) IsZero() bool { return m.Exact == "" && m.Pattern == nil }

// Matches tells whether text is matched. A zero Match matches nothing.
func (m Match) Matches(text string) bool {
	if m.IsZero() || m.Exact != "" && m.Exact != text {
		return false
	}
	return m.Pattern == nil || m.Pattern.MatchString(text)
}

// Accepts tells whether the signer may sign statements of this predicate type.
// A message signature has none, and is accepted where no type is named.
func (s *Signer) Accepts(predicateType string) bool {
	return len(s.PredicateTypes) == 0 || predicateType != "" && slices.Contains(s.PredicateTypes, predicateType)
}

// signersFile is the form of signers.toml.
type signersFile struct {
	Require struct {
		Signatures *int `toml:"signatures"`
		LogEntries *int `toml:"log-entries"`
		Timestamps *int `toml:"timestamps"`
	} `toml:"require"`
	Signer []signerTable `toml:"signer"`
	Key    []keyTable    `toml:"key"`
}

type signerTable struct {
	Name           string   `toml:"name"`
	Identity       string   `toml:"identity"`
	IdentityRegexp string   `toml:"identity-regexp"`
	Issuer         string   `toml:"issuer"`
	IssuerRegexp   string   `toml:"issuer-regexp"`
	Key            string   `toml:"key"`
	PredicateTypes []string `toml:"predicate-types"`
}

// addSigners reads every signers.toml. The keys in its folder and below count
// for what it says; keys with none beside or above them sign anything. Where one
// stands above another, the upper one says who is accepted, and the lower one
// nothing but what it says of keys' times: whoever may write below gives themselves
// no more than they were given.
func (t *Trust) addSigners(files []File) error {
	governed := map[string]bool{}
	for _, f := range files {
		if kindOf(f.Name) != signers {
			continue
		}
		governed[path.Dir(f.Name)] = true
	}
	for _, f := range files {
		if kindOf(f.Name) != signers {
			continue
		}
		found, err := t.readSigners(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if !governedBy(governed, path.Dir(f.Name)) {
			t.Signers = append(t.Signers, found...)
		}
	}
	for _, k := range t.Keys {
		if !governedBy(governed, k.Name) {
			t.Signers = append(t.Signers, &Signer{Where: k.Name, Keys: []*Key{k}, Needs: DefaultNeeds})
		}
	}
	return nil
}

// governedBy tells whether a signers.toml stands in a folder above the file.
func governedBy(folders map[string]bool, name string) bool {
	for name != "." {
		name = path.Dir(name)
		if folders[name] {
			return true
		}
	}
	return false
}

// readSigners gives the signers of one file, and takes what it says of keys.
func (t *Trust) readSigners(f File) ([]*Signer, error) {
	doc, err := decodeSigners(f.Bytes)
	if err != nil {
		return nil, err
	}
	needs, err := doc.needs()
	if err != nil {
		return nil, err
	}
	lines := stricttoml.LinesOf(f.Bytes)
	for i, table := range doc.Key {
		if err := t.addSpan(table, path.Dir(f.Name)); err != nil {
			return nil, fmt.Errorf("line %d: %w", lines.Of("key", strconv.Itoa(i)), err)
		}
	}
	var found []*Signer
	for i, table := range doc.Signer {
		line := lines.Of("signer", strconv.Itoa(i))
		s := &Signer{Name: table.Name, Where: fmt.Sprintf("%s:%d", f.Name, line), Needs: needs, PredicateTypes: table.PredicateTypes}
		if err := t.fill(s, table, path.Dir(f.Name)); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		found = append(found, s)
	}
	return found, nil
}

func decodeSigners(text []byte) (*signersFile, error) {
	var doc signersFile
	if err := stricttoml.Decode(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Signer) == 0 {
		return nil, errors.New("no [[signer]] in it: nobody would be accepted")
	}
	return &doc, nil
}

func (f *signersFile) needs() (Needs, error) {
	n := DefaultNeeds
	for _, field := range []struct {
		name  string
		given *int
		to    *int
		least int
	}{
		{"signatures", f.Require.Signatures, &n.Signatures, 1},
		{"log-entries", f.Require.LogEntries, &n.LogEntries, 0},
		{"timestamps", f.Require.Timestamps, &n.Timestamps, 0},
	} {
		if field.given == nil {
			continue
		}
		if *field.given < field.least || *field.given > 16 {
			return n, fmt.Errorf("[require] %s = %d: a number from %d to 16", field.name, *field.given, field.least)
		}
		*field.to = *field.given
	}
	return n, nil
}
