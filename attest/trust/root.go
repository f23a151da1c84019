package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	protoroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"

	"stellad/attest/rfc3161"
	"stellad/tlog"
)

// Root is one Sigstore trusted root. A bundle is verified within one root: a
// certificate of one deployment is never taken with the log of another.
type Root struct {
	Name   string // its file
	Digest string // the SHA-256 of its file, in hex

	// Timestampers are its timestamping authorities.
	Timestampers []*rfc3161.Authority

	doc         *protoroot.TrustedRoot // as it was read, for Contents
	material    *root.TrustedRoot
	authorities []root.CertificateAuthority
	logKeys     []*tlog.VerifierKey
}

// NoRoot is a root that knows nothing, for keys that are trusted without one.
func NoRoot() *Root {
	return &Root{Name: "none", material: &root.TrustedRoot{}}
}

// The methods below make Root a root.TrustedMaterial. It knows no keys: whoever
// verifies a key's signature says which key.

// FulcioCertificateAuthorities are those of the trusted root, their own paths
// checked once.
func (r *Root) FulcioCertificateAuthorities() []root.CertificateAuthority { return r.authorities }

// TimestampingAuthorities are the trusted root's, as sigstore-go knows them;
// Timestampers are what this project verifies with.
func (r *Root) TimestampingAuthorities() []root.TimestampingAuthority {
	return r.material.TimestampingAuthorities()
}

// RekorLogs are the trusted root's transparency logs, by key ID in hex.
func (r *Root) RekorLogs() map[string]*root.TransparencyLog { return r.material.RekorLogs() }

// CTLogs are its certificate transparency logs, by key ID in hex.
func (r *Root) CTLogs() map[string]*root.TransparencyLog { return r.material.CTLogs() }

// PublicKeyVerifier always refuses.
func (r *Root) PublicKeyVerifier(hint string) (root.TimeConstrainedVerifier, error) {
	return r.material.PublicKeyVerifier(hint)
}

func parseRoot(f File) (*Root, error) {
	var doc protoroot.TrustedRoot
	if err := (protojson.UnmarshalOptions{RecursionLimit: 32}).Unmarshal(f.Bytes, &doc); err != nil {
		return nil, fmt.Errorf("not a Sigstore trusted root: %w", err)
	}
	if err := checkParts(&doc); err != nil {
		return nil, err
	}
	material, err := root.NewTrustedRootFromProtobuf(&doc)
	if err != nil {
		return nil, err
	}
	r := &Root{Name: f.Name, Digest: hexDigest(f.Bytes), doc: &doc, material: material}
	for i, ca := range doc.GetCertificateAuthorities() {
		authority, err := newCertificateAuthority(ca)
		if err != nil {
			return nil, fmt.Errorf("certificateAuthorities[%d] %s: %w", i, ca.GetUri(), err)
		}
		r.authorities = append(r.authorities, authority)
	}
	for i, tsa := range doc.GetTimestampAuthorities() {
		authority, err := newTimestamper(tsa)
		if err != nil {
			return nil, fmt.Errorf("timestampAuthorities[%d] %s: %w", i, tsa.GetUri(), err)
		}
		r.Timestampers = append(r.Timestampers, authority)
	}
	if r.logKeys, err = logKeys(doc.GetTlogs()); err != nil {
		return nil, err
	}
	return r, nil
}

// checkParts parses the logs one by one, so that an error names the one that is
// wrong, and refuses what a map of them would hide.
func checkParts(doc *protoroot.TrustedRoot) error {
	if doc.GetMediaType() != root.TrustedRootMediaType01 {
		return fmt.Errorf("media type %q is not that of a trusted root, %q", doc.GetMediaType(), root.TrustedRootMediaType01)
	}
	if len(doc.GetTlogs())+len(doc.GetCertificateAuthorities())+len(doc.GetTimestampAuthorities()) == 0 {
		return errors.New("a trusted root with no log and no authority in it")
	}
	if err := checkLogs("tlogs", doc.GetTlogs()); err != nil {
		return err
	}
	return checkLogs("ctlogs", doc.GetCtlogs())
}

func checkLogs(field string, logs []*protoroot.TransparencyLogInstance) error {
	seen := map[string]bool{}
	for i, log := range logs {
		where := fmt.Sprintf("%s[%d] %s", field, i, log.GetBaseUrl())
		if _, err := root.ParseTransparencyLogs(logs[i : i+1]); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		id := hex.EncodeToString(log.GetLogId().GetKeyId())
		if seen[id] {
			return fmt.Errorf("%s: a second log with ID %s", where, id)
		}
		seen[id] = true
		span := log.GetPublicKey().GetValidFor()
		if span.GetEnd() != nil && span.GetEnd().AsTime().Before(span.GetStart().AsTime()) {
			return fmt.Errorf("%s: its key's span ends before it starts", where)
		}
	}
	return nil
}

// logKeys gives the note keys of the logs that sign checkpoints, under the name
// that their checkpoints bear: the host of their base URL.
func logKeys(logs []*protoroot.TransparencyLogInstance) ([]*tlog.VerifierKey, error) {
	var keys []*tlog.VerifierKey
	parsed, err := root.ParseTransparencyLogs(logs)
	if err != nil {
		return nil, err
	}
	for _, instance := range logs {
		log := parsed[hex.EncodeToString(instance.GetLogId().GetKeyId())]
		u, err := url.Parse(log.BaseURL)
		if err != nil || u.Hostname() == "" || !signsNotes(log.PublicKey) {
			continue // it can verify SETs, and no checkpoint
		}
		key, err := tlog.NewVerifierKey(u.Hostname(), log.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("tlogs %s: %w", log.BaseURL, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func signsNotes(pub crypto.PublicKey) bool {
	switch pub.(type) {
	case ed25519.PublicKey, *ecdsa.PublicKey:
		return true
	}
	return false
}
