package access

import (
	"os"
	"strings"
)

// accounts are the users and groups of this machine, as their files have them.
//
// os/user is not asked: for a process whose uid /etc/passwd does not have, it takes the name from $USER, so that the
// environment would say who a name of the policy is; and linked with cgo it asks whatever the machine is set up for, so
// that a policy would mean one thing in a development build and another in the released one.
type accounts struct {
	users  []account // in the file's order: of a name that stands twice the first counts, as everywhere
	groups []account
}

type account struct {
	name    string
	id      uint32
	group   uint32   // a user's
	members []string // a group's, without those whose own group it is
}

func localAccounts() (*accounts, error) {
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return nil, err
	}
	groups, err := os.ReadFile("/etc/group")
	if err != nil {
		return nil, err
	}
	return parseAccounts(string(users), string(groups)), nil
}

// parseAccounts passes over lines that are no account, as the C library does: one bad line must not lock all out.
func parseAccounts(users, groups string) *accounts {
	local := &accounts{}
	for fields := range records(users, 7) {
		id, ok := parseID(fields[2])
		group, has := parseID(fields[3])
		if ok && has {
			local.users = append(local.users, account{name: fields[0], id: id, group: group})
		}
	}
	for fields := range records(groups, 4) {
		if id, ok := parseID(fields[2]); ok {
			local.groups = append(local.groups, account{name: fields[0], id: id, members: strings.Split(fields[3], ",")})
		}
	}
	return local
}

// records gives the fields of each line that has n. Comments and references to NIS are none.
func records(text string, n int) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(text) {
			fields := strings.Split(strings.TrimSpace(line), ":")
			if len(fields) != n || fields[0] == "" || strings.ContainsRune("#+-", rune(fields[0][0])) {
				continue
			}
			if !yield(fields) {
				return
			}
		}
	}
}
