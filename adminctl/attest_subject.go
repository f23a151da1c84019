package main

import (
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"stellad/attest"
)

// parseSubject reads "sha256:HEX" or "NAME=sha256:HEX". The name ends at the last "=", since there may be others in it:
// it may be a package URL.
func parseSubject(text string) (attest.Subject, error) {
	name, digest := "", text
	if at := strings.LastIndexByte(text, '='); at >= 0 {
		name, digest = text[:at], text[at+1:]
		if name == "" {
			return attest.Subject{}, errors.New("a name comes before the =")
		}
	}
	digits, is := strings.CutPrefix(digest, "sha256:")
	if !is {
		return attest.Subject{}, errors.New("not a digest: sha256: comes first, and a file is given by --subject-file")
	}
	sum, err := parseSHA256(digits)
	if err != nil {
		return attest.Subject{}, err
	}
	return subject(name, sum), nil
}

// parseSHA256 reads 64 hexadecimal digits, and says what is wrong with others.
func parseSHA256(digits string) ([]byte, error) {
	for _, r := range digits {
		if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return nil, fmt.Errorf("%.80q is not hexadecimal; after sha256: come 64 digits, as sha256sum prints them", digits)
		}
	}
	if len(digits) != 64 {
		return nil, fmt.Errorf("%d hexadecimal digits, not 64; sha256sum prints them all", len(digits))
	}
	return hex.DecodeString(digits)
}

// fileSubject hashes a file, which is named without its folders.
func fileSubject(name string) (attest.Subject, error) {
	artifact, err := fileArtifact(name)
	if err != nil {
		return attest.Subject{}, err
	}
	return subject(filepath.Base(name), artifact.Any[0][crypto.SHA256]), nil
}

func subject(name string, sum []byte) attest.Subject {
	return attest.Subject{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum)}}
}
