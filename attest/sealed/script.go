package sealed

import _ "embed"

//go:embed common.sh
var common string

// Script gives a verify.sh: its first lines, what every archive's has, and what is an
// archive's own. It sets type, the predicate type of the statement that is signed.
func Script(head, own string) []byte {
	return []byte("#!/bin/sh\n" + head + "\n" + common + "\n" + own)
}
