package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
)

// applianceKey is the JSON of a key.
type applianceKey struct {
	Label       string    `json:"label"`
	Role        string    `json:"role"`
	State       string    `json:"state"` // pending, active, retired, compromised, destroyed
	Algorithm   string    `json:"algorithm"`
	Custody     string    `json:"custody"`        // confined, escrowable
	Backend     string    `json:"backend"`        // pkcs11, or soft, which is no HSM
	SHA256      string    `json:"sha256"`         // of its SubjectPublicKeyInfo
	ID          string    `json:"id"`             // its CKA_ID
	Made        time.Time `json:"made,omitzero"`  // when
	From        time.Time `json:"from,omitzero"`  // when it became active
	Until       time.Time `json:"until,omitzero"` // when another took its place
	Compromised time.Time `json:"compromisedFrom,omitzero"`
	Destroyed   time.Time `json:"destroyed,omitzero"`
	Successor   string    `json:"successor,omitempty"` // the SHA-256 of the key that took its place
	Public      string    `json:"publicKey"`           // PEM
	Chain       []string  `json:"chain"`               // PEM, its own certificate first; of a timestamping authority
}

// keyOf reads a key of the daemon's. The name that people compare must be the key's.
func keyOf(k *stellav1.ApplianceKey) (applianceKey, error) {
	if sum := sha256.Sum256(k.GetPublicKey()); hex.EncodeToString(sum[:]) != k.GetSha256() {
		return applianceKey{}, fmt.Errorf("the daemon's key %.80q is not the one that its SHA-256 names", k.GetLabel())
	}
	answer := applianceKey{
		Label: k.GetLabel(), Role: k.GetRole(), State: k.GetState(), Algorithm: k.GetAlgorithm(), Custody: k.GetCustody(),
		Backend: k.GetBackend(), SHA256: k.GetSha256(), ID: k.GetId(), Successor: k.GetSuccessor(),
		Made: timeOf(k.GetMade()), From: timeOf(k.GetFrom()), Until: timeOf(k.GetUntil()), Compromised: timeOf(k.GetCompromised()), Destroyed: timeOf(k.GetDestroyed()),
		Public: pemOf("PUBLIC KEY", k.GetPublicKey()), Chain: []string{},
	}
	for _, der := range k.GetChain() {
		answer.Chain = append(answer.Chain, pemOf("CERTIFICATE", der))
	}
	return answer, nil
}

func keysOf(list []*stellav1.ApplianceKey) ([]applianceKey, error) {
	keys := []applianceKey{}
	for _, k := range list {
		key, err := keyOf(k)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// timeOf gives the zero time where nothing was said.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Second)
}

// since is when the key came into the state that it is in.
func (k applianceKey) since() time.Time {
	switch k.State {
	case "active":
		return k.From
	case "retired":
		return k.Until
	case "compromised":
		return k.Compromised
	case "destroyed":
		return k.Destroyed
	}
	return k.Made
}

// soft tells that the key is in a file, and in no HSM.
func (k applianceKey) soft() bool { return k.Backend == "soft" }
