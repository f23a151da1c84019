package attest

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// payloadType is the one payload type that an attestation has.
const payloadType = "application/vnd.in-toto+json"

// envelope is a DSSE v1 envelope. The key IDs are hints and choose nothing.
type envelope struct {
	PayloadType string              `json:"payloadType"`
	Payload     []byte              `json:"payload"`
	Signatures  []envelopeSignature `json:"signatures"`
}

type envelopeSignature struct {
	KeyID string `json:"keyid"`
	Sig   []byte `json:"sig"`
}

func (d *Document) parseEnvelope(text []byte) error {
	d.Form = "DSSE envelope"
	var wire struct {
		PayloadType *string `json:"payloadType"`
		Payload     *string `json:"payload"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(text, &wire); err != nil {
		return fmt.Errorf("not a DSSE envelope: %w", err)
	}
	if wire.PayloadType == nil || wire.Payload == nil {
		return errors.New("not a DSSE envelope: payload and payloadType are needed")
	}
	e := &envelope{PayloadType: *wire.PayloadType}
	var err error
	if e.Payload, err = decode64(*wire.Payload); err != nil {
		return fmt.Errorf("not a DSSE envelope: payload: %w", err)
	}
	for i, s := range wire.Signatures {
		sig, err := decode64(s.Sig)
		if err != nil {
			return fmt.Errorf("not a DSSE envelope: signatures[%d]: %w", i, err)
		}
		e.Signatures = append(e.Signatures, envelopeSignature{KeyID: s.KeyID, Sig: sig})
	}
	d.envelope = e
	return nil
}

// decode64 reads standard or URL-safe base64, as DSSE v1 asks of a reader.
func decode64(text string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err == nil {
		return b, nil
	}
	if b, urlErr := base64.URLEncoding.Strict().DecodeString(text); urlErr == nil {
		return b, nil
	}
	return nil, err
}

// signedBy tells whether sig is the key's signature over the envelope's PAE.
func (e *envelope) signedBy(pub crypto.PublicKey, sig []byte) error {
	return verifyMessage(pub, dsse.PAE(e.PayloadType, e.Payload), sig)
}
