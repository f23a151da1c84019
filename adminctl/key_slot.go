package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// slotFields are how many bytes a token's label and serial number have in PKCS #11 §3.2.
var slotFields = []struct {
	prefix, what string
	most         int
}{{"token:", "label", 32}, {"serial:", "serial number", 16}}

// parseSlot reads "N", "token:LABEL" or "serial:S", and gives it in the one form that the daemon reads.
func parseSlot(text string) (string, error) {
	for _, f := range slotFields {
		value, is := strings.CutPrefix(text, f.prefix)
		switch {
		case !is:
			continue
		case value == "":
			return "", fmt.Errorf("the token's %s follows %s", f.what, f.prefix)
		case len(value) > f.most:
			return "", fmt.Errorf("a token's %s has at most %d bytes, not %d", f.what, f.most, len(value))
		}
		return text, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return "", errors.New("not a slot: a number such as 0, token:LABEL or serial:S")
	}
	return strconv.FormatUint(n, 10), nil
}

// bareDigest drops the "sha256:" of a key that is named by its digest: the daemon wants the digits, or a label, in which
// there is no colon.
func bareDigest(key string) string { return strings.TrimPrefix(key, "sha256:") }
