package attest

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"fmt"
	"strings"
)

// Artifact is what a document is verified against.
type Artifact struct {
	Name  string    // "" for a digest that was given as such
	Kind  string    // as Match has it
	Any   []Digests // digests of it: one for a file, several for an image
	Kinds []string  // of each of Any, where they differ
	Flaw  error     // why it is not what its own digests say; it is then no artifact of any document
}

// Digests are an artifact's raw digests, by hash: SHA-256, SHA-384 and SHA-512
// are looked at.
type Digests map[crypto.Hash][]byte

var algorithms = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

func algorithmOf(hash crypto.Hash) string {
	for name, h := range algorithms {
		if h == hash {
			return name
		}
	}
	return ""
}

func (d Digests) String() string {
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if sum, have := d[h]; have {
			return fmt.Sprintf("%s:%s", algorithmOf(h), hex.EncodeToString(sum))
		}
	}
	return "none"
}

// signedAs names the digest that a message signature is over. That the artifact
// has the digest which the bundle states, and that the signature is over this
// artifact's, was seen when the signature was checked.
func (a *Artifact) signedAs(hash crypto.Hash, stated []byte) *Match {
	for i, digests := range a.Any {
		for _, have := range digests {
			if bytes.Equal(have, stated) {
				return &Match{Name: a.Name, Kind: a.kind(i), Algorithm: algorithmOf(hash), Digest: hex.EncodeToString(digests[hash])}
			}
		}
	}
	return nil
}

// in tells whether any of the artifact's digests is the subject's, by a SHA-2
// hash. A subject with several digests must have them all right.
func (a *Artifact) in(s Subject) *Match {
	for i, digests := range a.Any {
		var found *Match
		for name, text := range s.Digest {
			have, known := digests[algorithms[name]]
			if !known || algorithms[name] == 0 {
				continue
			}
			want, err := hex.DecodeString(text)
			if err != nil || !bytes.Equal(have, want) {
				found = nil
				break
			}
			if found == nil || name == "sha256" {
				found = &Match{Name: a.Name, Kind: a.kind(i), Algorithm: name, Digest: hex.EncodeToString(want)}
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// Among gives the digest by which the artifact is one of subjects, or nil.
func (a *Artifact) Among(subjects []Subject) *Match {
	for _, s := range subjects {
		if found := a.in(s); found != nil {
			return found
		}
	}
	return nil
}

// besides lists the artifact's digests that are not the match: other images may
// stand in the same file.
func (a *Artifact) besides(match *Match) string {
	var others []string
	for _, digests := range a.Any {
		if hex.EncodeToString(digests[algorithms[match.Algorithm]]) != match.Digest {
			others = append(others, digests.String())
		}
	}
	return strings.Join(others, ", ")
}

func (a *Artifact) kind(i int) string {
	if i < len(a.Kinds) {
		return a.Kinds[i]
	}
	return a.Kind
}

func (a *Artifact) has() string {
	switch {
	case a.Name == "":
		return fmt.Sprintf("the digest given is %s", a.Any[0])
	case len(a.Any) == 1:
		return fmt.Sprintf("%s %s has %s", a.Kind, a.Name, a.Any[0])
	}
	all := make([]string, len(a.Any))
	for i, digests := range a.Any {
		all[i] = digests.String()
	}
	return fmt.Sprintf("%s %s has %s", a.Kind, a.Name, strings.Join(all, ", "))
}
