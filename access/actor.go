package access

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Actor is who the kernel says is at the other end of a connection. It is never a process: its number may be another's
// by the time that it is looked at.
type Actor struct {
	UID, GID uint32
	Groups   []uint32 // the supplementary ones; a group counts here as it does in GID
}

// nobody is the kernel's -1, which no user and no group has.
const nobody = math.MaxUint32

// ActorOf gives a user of this machine, a name or "uid:N", with all its groups. A number that /etc/passwd does not have
// is a user in no group. Errors wrap ErrUnknownUser, or what reading /etc/passwd and /etc/group gave.
func ActorOf(user string) (Actor, error) {
	local, err := localAccounts()
	if err != nil {
		return Actor{}, err
	}
	uid, ok := local.uid(user)
	if !ok {
		return Actor{}, fmt.Errorf("%w %q: not in /etc/passwd; a directory's user is written uid:N", ErrUnknownUser, user)
	}
	return local.actor(uid), nil
}

// uid resolves a name, or "uid:N".
func (a *accounts) uid(user string) (uint32, bool) {
	if number, ok := strings.CutPrefix(user, "uid:"); ok {
		return parseID(number)
	}
	i := slices.IndexFunc(a.users, func(u account) bool { return u.name == user })
	if i < 0 {
		return 0, false
	}
	return a.users[i].id, true
}

// gid resolves a group's name, or "gid:N".
func (a *accounts) gid(group string) (uint32, bool) {
	if number, ok := strings.CutPrefix(group, "gid:"); ok {
		return parseID(number)
	}
	i := slices.IndexFunc(a.groups, func(g account) bool { return g.name == group })
	if i < 0 {
		return 0, false
	}
	return a.groups[i].id, true
}

// actor gives a user all groups that any of its names has.
func (a *accounts) actor(uid uint32) Actor {
	actor := Actor{UID: uid, GID: nobody}
	for _, u := range a.users {
		if u.id != uid {
			continue
		}
		if actor.GID == nobody {
			actor.GID = u.group
		}
		for _, g := range a.groups {
			if slices.Contains(g.members, u.name) {
				actor.Groups = append(actor.Groups, g.id)
			}
		}
	}
	return actor
}

// parseID reads a number in its one spelling.
func parseID(text string) (uint32, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil && n != nobody && strconv.FormatUint(n, 10) == text
}
