package attest

import (
	"errors"
	"fmt"

	"stellad/attest/trust"
)

// The steps of a bare DSSE envelope, which may have several signatures and has
// no place for a log entry or a time.

// envelopeSignatures finds which of the accepted keys signed a bare envelope.
// A threshold counts keys, so a key counts once however often it signed.
func (c *chain) envelopeSignatures() (State, string, error) {
	env := c.doc.envelope
	keys := offeredKeys(c.want.Signers)
	if len(keys) == 0 {
		return "", "", fmt.Errorf("%w: a DSSE envelope is signed by keys, and no key is accepted; add one to the trust root as keys/NAME.pem or give --key", errNoSigner)
	}
	for i, sig := range env.signatures {
		if k := c.keyThatSigned(sig, keys); k == nil {
			c.loosen("signatures[%d].sig", i)
		} else if !containsKey(c.keys, k) {
			c.keys = append(c.keys, k)
		}
	}
	if len(c.keys) == 0 {
		return "", "", errors.New("none of its signatures is by an accepted key")
	}
	c.established.Signatures = len(c.keys)
	return Held, fmt.Sprintf("over the DSSE envelope, by %d of the accepted keys", len(c.keys)), nil
}

func (c *chain) keyThatSigned(sig []byte, keys []*trust.Key) *trust.Key {
	for _, k := range keys {
		if c.message().signedBy(k.Public, sig) == nil {
			return k
		}
	}
	return nil
}

// envelopeSigner is signer for a bare envelope, which has no place for a log
// entry or a time.
func (c *chain) envelopeSigner() (State, string, error) {
	c.lack("no log entry: a bare DSSE envelope carries none")
	c.lack("no proven time: the signature may be of any date")
	return c.key()
}
