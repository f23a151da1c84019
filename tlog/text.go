package tlog

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds each text that is parsed, in bytes. A note with a hundred
// post-quantum signatures of 5 kB takes half of it.
const maxText = 1 << 20

// validText reports whether text is UTF-8 with no ASCII control character but
// newline. C2SP signed-note, "Format".
func validText(text []byte) bool {
	for _, b := range text {
		if b < 0x20 && b != '\n' {
			return false
		}
	}
	return utf8.Valid(text)
}

// validName reports whether a note may carry name as a key's: not empty, no
// Unicode space, no plus. C2SP signed-note, "Format".
func validName(name string) bool {
	return name != "" && validText([]byte(name)) &&
		!strings.ContainsRune(name, '+') && !strings.ContainsFunc(name, unicode.IsSpace)
}

// decodeBase64 reads standard base64 in its one canonical form. The decoder alone
// would pass over newlines and accept stray bits at the end, even in its Strict
// form, and a byte of a signature line could be changed unseen.
func decodeBase64(s string) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(s)
	return raw, err == nil && base64.StdEncoding.EncodeToString(raw) == s
}

// parseDecimal reads an ASCII decimal below 2^64 with no sign and no leading
// zero, as checkpoints, proofs and tile paths write numbers.
func parseDecimal(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && strconv.FormatUint(n, 10) == s
}
