// Package access keeps who may do what on this machine: a file gives users and groups their roles, and roles their
// permissions. No identity provider is asked; who a caller is, the kernel says.
//
// The file is strict TOML of at most 1 MiB:
//
//	version = 1                          # only rises: raise it with each change
//	[roles]
//	administrator = ["*:*"]              # resource:verb, resource:* or *:*
//	service       = ["attestations:verify"]
//	[users]                              # a name of /etc/passwd, or uid:N
//	root = ["administrator"]
//	[groups]                             # a name of /etc/group, or gid:N
//	stella = ["service"]
//	[deny.users]                         # what these may not, whatever their roles
//	"uid:1005" = ["keys:rotate"]
//	[deny.groups]
//	contractors = ["*:*"]
//
// What is not granted is denied, and a denial wins over every grant: over those of operations that anyone has, too. A
// role, user, group, resource or verb that does not exist refuses the whole file, so that a slip of the pen is found by
// its writer. So does a file that leaves nobody who may reload it.
//
// Names are resolved once, when the file is read: to local accounts alone. An account that only a directory knows is
// written uid:N or gid:N.
package access

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrPolicy is wrapped by every reason for which a policy is refused.
	ErrPolicy = errors.New("access policy")
	// ErrDenied is wrapped by the error of a denial.
	ErrDenied = errors.New("not permitted")
	// ErrUnknownUser is wrapped where a user is named that this machine does not have.
	ErrUnknownUser = errors.New("unknown user")
)

// refusal is why a policy is refused, and where: its message is one line and starts with the place.
type refusal struct {
	where, text string
	cause       error
}

func (r *refusal) Error() string { return r.where + ": " + r.text }

// Unwrap lets a caller find ErrPolicy, and beneath it what the system said: fs.ErrNotExist.
func (r *refusal) Unwrap() []error {
	if r.cause == nil {
		return []error{ErrPolicy}
	}
	return []error{ErrPolicy, r.cause}
}

// suggest names the candidate that a word was meant for, as the end of a message: at most two letters differ.
func suggest(word string, candidates []string) string {
	best, least := "", 3
	for _, c := range candidates {
		if d := distance(word, c); d < least && d < len(c) {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance counts the letters to insert, drop or replace to make b of a. Words of very different length are far apart,
// and not compared.
func distance(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// list reads "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
