package vex

import (
	"slices"
	"strings"
)

// isDigest says whether a text is "sha256:" and 64 digits of lower-case hex.
func isDigest(text string) bool {
	hex, ok := strings.CutPrefix(text, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

// digest gives a hash as a document has it the form of an artifact's: "SHA-256"
// becomes "sha256:", other algorithms keep their names. A hash that no artifact
// here has is kept too, for what has a hash is not known by its name.
func digest(algorithm, hex string) string {
	algorithm = strings.ToLower(algorithm)
	if size, ok := strings.CutPrefix(algorithm, "sha-"); ok {
		algorithm = "sha" + size
	}
	return algorithm + ":" + strings.ToLower(hex)
}

// openVEXHashes are the names of hashes that OpenVEX has.
var openVEXHashes = []string{
	"md5", "sha1", "sha-256", "sha-384", "sha-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512",
	"blake2s-256", "blake2b-256", "blake2b-512",
}

// hashOf takes a digest apart into OpenVEX's name and the hex, where it has one
// for it.
func hashOf(text string) (name, hex string, ok bool) {
	algorithm, hex, _ := strings.Cut(text, ":")
	if algorithm == "sha256" && !isDigest(text) || strings.TrimSpace(hex) == "" {
		return "", "", false
	}
	i := slices.IndexFunc(openVEXHashes, func(name string) bool { return digest(name, "") == algorithm+":" })
	if i < 0 {
		return "", "", false
	}
	return openVEXHashes[i], hex, true
}
