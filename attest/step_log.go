package attest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"stellad/attest/rfc3161"
	"stellad/attest/trust"
)

// log verifies each entry of a log that the trusted root knows. One that does
// not verify refuses the bundle, whatever other entries prove.
func (c *chain) log() (State, string, error) {
	var details []string
	for i, entry := range c.entity.entries {
		log, known := c.root.RekorLogs()[hex.EncodeToString([]byte(entry.LogKeyID()))]
		if !known {
			c.loosen("verificationMaterial.tlogEntries[%d]", i)
			continue
		}
		if err := c.logEntry(i, entry, log); err != nil {
			return "", "", fmt.Errorf("tlogEntries[%d] of %s: %w", i, log.BaseURL, err)
		}
		ref := c.established.Logs[len(c.established.Logs)-1]
		details = append(details, fmt.Sprintf("index %d of %s", ref.Index, ref.Log))
		if !ref.Proof {
			c.lack(fmt.Sprintf("no inclusion proof: %s promised the entry and is not shown to hold it", ref.Log))
		}
	}
	if len(c.established.Logs) == 0 {
		c.lack("no log entry: nobody but the signer is shown to have published it")
		if len(c.entity.entries) == 0 {
			return Absent, "there is none", nil
		}
		return Absent, "none by a log that the trusted root knows", nil
	}
	return Held, strings.Join(details, "; "), nil
}

func (c *chain) logEntry(i int, entry *tlog.Entry, log *root.TransparencyLog) error {
	material, err := c.material()
	if err != nil {
		return err
	}
	stamps, err := verify.VerifyTlogEntry(c.entity.only(i), material, 1, true)
	if err != nil {
		return err
	}
	wire := entry.TransparencyLogEntry()
	checkpoint, err := bind(wire, entry.IsRekorV2())
	if err != nil {
		return err
	}
	ref := LogRef{
		Log: log.BaseURL, KeyID: hex.EncodeToString(log.ID), Index: wire.GetLogIndex(),
		Promise: entry.HasInclusionPromise(), Proof: checkpoint != nil,
	}
	where := fmt.Sprintf("verificationMaterial.tlogEntries[%d]", i)
	if checkpoint != nil {
		ref.Index, ref.Size, ref.Root = wire.GetInclusionProof().GetLogIndex(), checkpoint.Size, hex.EncodeToString(checkpoint.Root[:])
		n, err := otherSignatures(wire.GetInclusionProof().GetCheckpoint().GetEnvelope(), checkpoint.Origin, log.ID)
		if err != nil {
			return err
		}
		if n > 0 {
			c.loosen("%s.inclusionProof.checkpoint.envelope: %d signatures by others than the log", where, n)
		}
	}
	c.established.Logs = append(c.established.Logs, ref)
	if !entry.IsRekorV2() && !ref.Promise {
		c.loosen("%s.logIndex", where)
		c.loosen("%s.integratedTime", where)
	}
	for _, s := range stamps {
		c.established.Times = append(c.established.Times, TimeRef{Time: s.Time.UTC(), By: log.BaseURL, Kind: "log"})
	}
	return nil
}

// material is the trusted root and, for a key's signature, that key.
func (c *chain) material() (root.TrustedMaterial, error) {
	if len(c.keys) == 0 {
		return c.root, nil
	}
	verifier, err := signature.LoadDefaultVerifier(c.keys[0].Public)
	if err != nil {
		return nil, err
	}
	return keyed{c.root, root.NewExpiringKey(verifier, time.Time{}, time.Time{})}, nil
}

// keyed is a trusted root with the key that made the signature, whatever the
// bundle's hint calls it.
type keyed struct {
	*trust.Root
	key root.TimeConstrainedVerifier
}

func (k keyed) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) { return k.key, nil }

// time collects who proved when the signature existed. Every timestamp by an
// authority that the trusted root knows must hold; one by another is passed over,
// as a log entry by another log is, and named.
func (c *chain) time() (State, string, error) {
	stamps, err := c.entity.Timestamps()
	if err != nil {
		return "", "", err
	}
	for i, stamp := range stamps {
		if err := c.timestamp(i, stamp); err != nil {
			return "", "", fmt.Errorf("rfc3161Timestamps[%d]: %w", i, err)
		}
	}
	if err := c.logSpans(); err != nil {
		return "", "", err
	}
	if len(c.established.Times) == 0 {
		c.lack("no proven time: the signature may be of any date")
		return Absent, "nobody but the signer says when", nil
	}
	var details []string
	for _, t := range c.established.Times {
		details = append(details, fmt.Sprintf("%s by %s", t.Time.Format(time.RFC3339), t.By))
	}
	return Held, strings.Join(details, "; "), nil
}

func (c *chain) timestamp(i int, stamp []byte) error {
	where := fmt.Sprintf("verificationMaterial.timestampVerificationData.rfc3161Timestamps[%d]", i)
	var first error
	for _, authority := range c.root.Timestampers {
		t, err := authority.Verify(stamp, c.entity.signature.Signature())
		if err == nil {
			c.established.Times = append(c.established.Times, TimeRef{Time: t.Time, By: t.Authority, Kind: "timestamp"})
			c.loosen("%s.signedTimestamp: what is outside its signed attributes", where)
			return nil
		}
		if first == nil && !errors.Is(err, rfc3161.ErrUnknown) {
			first = err
		}
	}
	if first == nil {
		c.loosen("%s", where)
	}
	return first
}

// logSpans holds a log's key to its span. sigstore-go does so for entries with
// a promise; an entry of Rekor v2 has no time of its own, and is judged by the
// times that timestamping authorities proved.
func (c *chain) logSpans() error {
	for _, ref := range c.established.Logs {
		log := c.root.RekorLogs()[ref.KeyID]
		if ref.Promise || log == nil {
			continue
		}
		for _, t := range c.established.Times {
			if t.Time.Before(log.ValidityPeriodStart) || !log.ValidityPeriodEnd.IsZero() && t.Time.After(log.ValidityPeriodEnd) {
				return fmt.Errorf("%s is outside the span of the key of %s", t.Time.Format(time.RFC3339), ref.Log)
			}
		}
		if len(c.established.Times) == 0 {
			c.lack(fmt.Sprintf("no proven time by which to tell that the key of %s was in its span", ref.Log))
		}
	}
	return nil
}
