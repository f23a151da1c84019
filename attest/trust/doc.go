// Package trust reads a trust root: the folder that says whom its reader
// believes.
//
// A trust root is a folder, its subfolders counted:
//
//	trusted_root*.json   Sigstore trusted roots: logs, certificate and timestamp authorities
//	keys/…/*.pem         public keys that sign attestations, one or more a file
//	logs/…/*.vkey        C2SP verifier keys of logs and witnesses, one a line
//	signers.toml         which signers are accepted, for what, and how much proof is asked; when keys are valid
//
// Every file is validated as it is read, and one bad part refuses the whole
// root by name: a root that is half believed verifies other things than its
// writer meant. Files of other names are passed over, hidden ones too. A link to
// a folder is refused, and one that leaves the root, but for one called appliance
// at its top, by which an appliance publishes its own trust.
package trust

import "errors"

// Limits on a trust root.
const (
	maxFile  = 16 << 20 // bytes
	maxFiles = 1000
	maxDepth = 8
)

// ErrTrust is wrapped by every reason for which a trust root is refused.
var ErrTrust = errors.New("trust root")
