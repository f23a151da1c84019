package attest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/attest/strictjson"
)

// payloadType is the one payload type that an attestation has.
const payloadType = "application/vnd.in-toto+json"

// envelope is a DSSE v1 envelope. The key IDs are hints and choose nothing.
type envelope struct {
	payloadType string
	payload     []byte
	signatures  [][]byte
	loose       []string // members that DSSE does not know: readers pass over them
}

// wireEnvelope is an envelope's JSON. Members that DSSE does not know are kept
// by name.
type wireEnvelope struct {
	PayloadType *string `json:"payloadType"`
	Payload     *string `json:"payload"`
	Signatures  []struct {
		KeyID   string                    `json:"keyid"`
		Sig     string                    `json:"sig"`
		Unknown map[string]jsontext.Value `json:",embed"`
	} `json:"signatures"`
	Unknown map[string]jsontext.Value `json:",embed"`
}

func (d *Document) parseEnvelope(text []byte) error {
	d.Form = "DSSE envelope"
	wire, err := strictjson.Decode[wireEnvelope](text)
	if err != nil {
		return fmt.Errorf("not a DSSE envelope: %w", err)
	}
	if wire.PayloadType == nil || wire.Payload == nil {
		return errors.New("not a DSSE envelope: payload and payloadType are needed")
	}
	e := &envelope{payloadType: *wire.PayloadType, loose: slices.Sorted(maps.Keys(wire.Unknown))}
	if e.payload, err = decode64(*wire.Payload); err != nil {
		return fmt.Errorf("not a DSSE envelope: payload: %w", err)
	}
	for i, s := range wire.Signatures {
		sig, err := decode64(s.Sig)
		if err != nil {
			return fmt.Errorf("not a DSSE envelope: signatures[%d]: %w", i, err)
		}
		e.signatures = append(e.signatures, sig)
		for _, name := range append(slices.Sorted(maps.Keys(s.Unknown)), "keyid") {
			e.loose = append(e.loose, fmt.Sprintf("signatures[%d].%s", i, name))
		}
	}
	d.envelope = e
	return nil
}

// decode64 reads standard or URL-safe base64, as DSSE v1 asks of a reader. Go
// reads past line ends in it, which another reader may not.
func decode64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("a line end in its base64")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err == nil {
		return b, nil
	}
	if b, urlErr := base64.URLEncoding.Strict().DecodeString(text); urlErr == nil {
		return b, nil
	}
	return nil, err
}
