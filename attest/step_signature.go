package attest

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"stellad/attest/trust"
)

// signature finds the key that made the signature: the certificate's, or one of
// those that an accepted signer may use. It is the first link because it is the
// cheapest that a changed document breaks.
func (c *chain) signature() (State, string, error) {
	if leaf := c.entity.leaf; leaf != nil {
		if err := c.signedBy(leaf.PublicKey); err != nil {
			return "", "", fmt.Errorf("over %s: %w", c.signedWhat(), err)
		}
		c.established.Signatures = 1
		return Held, fmt.Sprintf("over %s, by the certificate's key", c.signedWhat()), nil
	}
	keys := offeredKeys(c.want.Signers)
	if len(keys) == 0 {
		return "", "", fmt.Errorf("%w: it is signed by a key, and no key is accepted; add it to the trust root as keys/NAME.pem or give --key", errNoSigner)
	}
	reason := errSignature
	for _, k := range keys {
		err := c.signedBy(k.Public)
		if err == nil {
			c.keys = []*trust.Key{k}
			c.established.Signatures = 1
			return Held, fmt.Sprintf("over %s, by key %s (SHA-256 %s)", c.signedWhat(), k.Name, k.ID), nil
		}
		if !errors.Is(err, errSignature) || len(keys) == 1 {
			reason = err
		}
	}
	return "", "", fmt.Errorf("over %s: no accepted key made it: %w", c.signedWhat(), reason)
}

func (c *chain) signedWhat() string {
	if c.doc.bundle.GetDsseEnvelope() != nil {
		return "the DSSE envelope"
	}
	return "the artifact"
}

func (c *chain) signedBy(pub crypto.PublicKey) error {
	if env := c.doc.bundle.GetDsseEnvelope(); env != nil {
		return c.message().signedBy(pub, env.GetSignatures()[0].GetSig())
	}
	message := c.doc.bundle.GetMessageSignature()
	digests, err := c.messageDigests(message)
	if err != nil {
		return err
	}
	hash, err := verifyDigest(pub, digests, message.GetSignature())
	if stated, _ := messageHash(message); err == nil && hash != stated {
		c.loosen("messageSignature.messageDigest")
	}
	c.signedHash = hash
	return err
}

// message is what is signed, made when the first key asks for it.
func (c *chain) message() *message {
	if c.signed == nil {
		kind, payload, _ := c.payload()
		c.signed = newMessage(kind, payload)
	}
	return c.signed
}

// messageDigests are the digests over which the signature may be: those of the
// artifact at hand, or, where there is none, the one that the bundle names. The
// signature tells whether that one is true.
func (c *chain) messageDigests(m *protocommon.MessageSignature) (Digests, error) {
	hash, _ := messageHash(m)
	stated := Digests{hash: m.GetMessageDigest().GetDigest()}
	if c.want.Artifact == nil || c.want.Artifact.Flaw != nil {
		return stated, nil
	}
	for _, have := range c.want.Artifact.Any {
		if bytes.Equal(have[hash], stated[hash]) {
			return have, nil
		}
	}
	return nil, fmt.Errorf("it is over %s, and %s", stated, c.want.Artifact.has())
}

func messageHash(m *protocommon.MessageSignature) (crypto.Hash, bool) {
	switch m.GetMessageDigest().GetAlgorithm() {
	case protocommon.HashAlgorithm_SHA2_256:
		return crypto.SHA256, true
	case protocommon.HashAlgorithm_SHA2_384:
		return crypto.SHA384, true
	case protocommon.HashAlgorithm_SHA2_512:
		return crypto.SHA512, true
	}
	return 0, false
}

// offeredKeys gives the keys of all signers, each once.
func offeredKeys(signers []*trust.Signer) []*trust.Key {
	var keys []*trust.Key
	seen := map[string]bool{}
	for _, s := range signers {
		for _, k := range s.Keys {
			if !seen[k.ID] {
				seen[k.ID] = true
				keys = append(keys, k)
			}
		}
	}
	return keys
}

func containsKey(keys []*trust.Key, k *trust.Key) bool {
	for _, have := range keys {
		if have.ID == k.ID {
			return true
		}
	}
	return false
}
