package audit

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Intent is written before a token is told to do what can't be undone. A record that names its seq says how it ended.
type Intent struct {
	Act string `json:"act"` // "generate", "destroy" or "sign"

	Key *KeySpec `json:"key,omitzero"` // to generate

	By        string `json:"by,omitzero"`        // the SHA-256 of the public key that signs or is to be destroyed, lower-case hex
	Request   string `json:"request,omitzero"`   // the SHA-256 of what was asked for: by it a repetition is known
	Statement string `json:"statement,omitzero"` // the SHA-256 of what is signed
}

func (i *Intent) valid() error {
	switch i.Act {
	case "generate":
		if i.Key == nil || i.By+i.Request+i.Statement != "" {
			return errors.New("an intent to generate names a key")
		}
		return i.Key.valid()
	case "destroy":
		if i.Key != nil || i.Request+i.Statement != "" {
			return errors.New("an intent to destroy names a key that there is")
		}
		return digest(i.By)
	case "sign":
		if i.Key != nil {
			return errors.New("an intent to sign makes no key")
		}
		return errors.Join(digest(i.By), digest(i.Request), digest(i.Statement))
	}
	return fmt.Errorf("act %.80q", i.Act)
}

// Abandoned says that nothing came of an intent, or nothing that was kept.
type Abandoned struct {
	Intent uint64 `json:"intent"` // its seq
}

func (a *Abandoned) valid() error { return seq(a.Intent) }

// Roles are what a key may be for.
var Roles = []string{"attestation", "audit", "log", "policy", "timestamp"}

// KeySpec is a key as it is asked for.
type KeySpec struct {
	Algorithm string `json:"algorithm"`         // a word: "ecdsa-p256", …
	Custody   string `json:"custody"`           // "confined" or "escrowable"
	Label     string `json:"label"`             // a token of at most 128 bytes
	Replaces  string `json:"replaces,omitzero"` // SHA-256 of the public key in whose place it is to come, by a rotation
	Role      string `json:"role"`              // one of Roles
}

func (k *KeySpec) valid() error {
	if !isWord(k.Algorithm) || k.Custody != "confined" && k.Custody != "escrowable" ||
		!isToken(k.Label) || k.Label == "" || len(k.Label) > 128 || !slices.Contains(Roles, k.Role) {
		return fmt.Errorf("key %.200q", fmt.Sprintf("%+v", *k))
	}
	if k.Replaces != "" {
		return digest(k.Replaces)
	}
	return nil
}

// Key is a key that the token made. It is active from its record's time on; one that replaces another from its
// rotation's.
type Key struct {
	KeySpec

	Backend string   `json:"backend"`         // a word: "pkcs11", or "soft", which is no HSM
	Chain   [][]byte `json:"chain,omitzero"`  // certificates in DER, the key's own first; of role timestamp alone
	ID      string   `json:"id"`              // CKA_ID in lower-case hex
	Intent  uint64   `json:"intent,omitzero"` // seq of the intent; 0 of the key that signs the audit log itself
	Public  []byte   `json:"public"`          // SubjectPublicKeyInfo, DER
}

func (k *Key) valid() error {
	if err := errors.Join(k.KeySpec.valid(), seq(k.Intent)); err != nil {
		return err
	}
	id, err := hex.DecodeString(k.ID)
	if err != nil || len(id) == 0 || hex.EncodeToString(id) != k.ID || !isWord(k.Backend) {
		return fmt.Errorf("ID %.80q, backend %.80q", k.ID, k.Backend)
	}
	if _, err := x509.ParsePKIXPublicKey(k.Public); err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	if (k.Role == "timestamp") != (len(k.Chain) > 0) {
		return fmt.Errorf("%d certificates of a key for %s", len(k.Chain), k.Role)
	}
	for _, der := range k.Chain {
		if _, err := x509.ParseCertificate(der); err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
	}
	return nil
}

// Rotation puts a new key in an old one's place, from its record's time on. Each signed what docs/formats/audit.md §3
// has for it, and names the other there.
type Rotation struct {
	New     string  `json:"new"` // SHA-256 of the public key, lower-case hex
	NewSays []byte  `json:"newSays"`
	Old     string  `json:"old"` // likewise
	OldSays []byte  `json:"oldSays"`
	Time    Instant `json:"time"` // that both signed
}

func (r *Rotation) valid() error {
	if len(r.NewSays) == 0 || len(r.OldSays) == 0 || r.New == r.Old || !isTime(time.Time(r.Time)) {
		return errors.New("two keys and their signatures are needed")
	}
	return errors.Join(digest(r.New), digest(r.Old))
}

// Statement is what both keys of a rotation sign, in the role they have at the appliance called name.
func (r *Rotation) Statement(name, role string) []byte {
	return fmt.Appendf(nil, "stella key rotation v1\nappliance %s\nrole %s\nold %s\nnew %s\ntime %s\n",
		name, role, r.Old, r.New, time.Time(r.Time).UTC().Format(timeLayout))
}

// Compromised says since when what a key signs is not believed: without a proven time before that, nothing.
type Compromised struct {
	Key  string  `json:"key"`  // SHA-256 of the public key, lower-case hex
	Time Instant `json:"time"` // UTC
}

func (c *Compromised) valid() error {
	if !isTime(time.Time(c.Time)) {
		return errors.New("not whole microseconds between 1970 and 9999")
	}
	return digest(c.Key)
}

// Destroyed says that the token has a key no more. What it signed is judged as before.
type Destroyed struct {
	Intent uint64 `json:"intent"` // its seq
	Key    string `json:"key"`    // SHA-256 of the public key, lower-case hex
}

func (d *Destroyed) valid() error { return errors.Join(digest(d.Key), seq(d.Intent)) }

// Signed is a signature that stands in the signature log, as its next entry.
type Signed struct {
	Blob   string `json:"blob"`   // SHA-256 of what else belongs to it: docs/formats/audit.md §3
	Entry  []byte `json:"entry"`  // of the signature log, exactly
	Intent uint64 `json:"intent"` // its seq
}

func (s *Signed) valid() error {
	if len(s.Entry) == 0 {
		return errors.New("no entry")
	}
	return errors.Join(digest(s.Blob), seq(s.Intent))
}

// Stamp says that a timestamp token was made, and given or not.
type Stamp struct {
	Algorithm string `json:"algorithm"` // a word: "sha-256", "sha-384" or "sha-512"
	Digest    string `json:"digest"`    // that is stamped, lower-case hex
	Key       string `json:"key"`       // SHA-256 of the public key, lower-case hex
}

func (s *Stamp) valid() error {
	sum, err := hex.DecodeString(s.Digest)
	size, known := stampSizes[s.Algorithm]
	if err != nil || hex.EncodeToString(sum) != s.Digest || !known || len(sum) != size {
		return fmt.Errorf("digest %.80q of %.80q", s.Digest, s.Algorithm)
	}
	return digest(s.Key)
}

var stampSizes = map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}

func seq(n uint64) error {
	if n > maxInteger {
		return fmt.Errorf("seq %d", n)
	}
	return nil
}
