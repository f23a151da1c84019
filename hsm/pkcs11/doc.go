// Package pkcs11 is the keys of a token behind a PKCS#11 2.40 module, which it keeps in service.
//
// A module is a vendor's code in this process. Its handles die with a token that went and came back, it may hang, and it
// may be wrong about itself:
//
//   - Each call of it is made by one session of a pool, in that session's goroutine. The caller leaves by its deadline,
//     and the session is of no use until the call comes back. Where every session is held so, or the module can't be
//     initialised anew because of one, Fatal says ErrHung, and the process is to be replaced.
//   - An error that a dead handle explains costs the session. Another is opened, the user logged in and the key found
//     again, and the call tried once more. Where that fails too and the token does not answer as before, the module is out
//     of service: calls fail at once with the cause, while it is finalized, initialised and logged in to anew at least
//     every two seconds until that works. An empty answer is believed only of a token that is there: SoftHSM finds no
//     keys, and no fault, once its folder was moved.
//   - A key is found by label, ID and public key, and its first signature must verify.
//   - What it can do is what its mechanism list says. What a key may do is read back after it was made.
//   - The PIN is given once. Where the token refuses it, Fatal says so and no call logs in again; nor is a token's last
//     try used.
package pkcs11

import "errors"

// ErrHung is of a module that does not come back from its calls. Only another process can do anything with it.
var ErrHung = errors.New("the PKCS#11 module hangs")
