package access_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stellad/access"
)

// draft is a policy to be changed before it is written.
type draft struct {
	roles, users, groups, denyUsers, denyGroups map[string][]string
}

var (
	patterns   = []string{"*:*", "keys:*", "keys:list", "keys:rotate", "status:read", "attestations:verify", "self:read", "access:*"}
	roleNames  = []string{"a", "b", "c"}
	userNames  = []string{"ada", "bob", "cyd", "uid:2000"}
	groupNames = []string{"stella", "stella-admin", "contractors", "gid:999"}
)

func table(t *rapid.T, label string, keys, values []string) map[string][]string {
	return rapid.MapOfN(rapid.SampledFrom(keys), rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 3, rapid.ID[string]), 0, 3).Draw(t, label)
}

func drafted(t *rapid.T) draft {
	d := draft{roles: map[string][]string{}}
	for _, name := range roleNames {
		d.roles[name] = rapid.SliceOfNDistinct(rapid.SampledFrom(patterns), 1, 3, rapid.ID[string]).Draw(t, name)
	}
	d.users, d.groups = table(t, "users", userNames, roleNames), table(t, "groups", groupNames, roleNames)
	d.denyUsers, d.denyGroups = table(t, "deny.users", userNames, patterns), table(t, "deny.groups", groupNames, patterns)
	return d
}

// text writes the draft in an order that shuffle chooses. Root stays administrator, so that it can be mended.
func (d draft) text(shuffle *rand.Rand) string {
	d.roles["root-role"] = []string{"*:*"}
	sections := []string{
		section("roles", d.roles, shuffle), section("groups", d.groups, shuffle), section("deny.users", d.denyUsers, shuffle),
		section("deny.groups", d.denyGroups, shuffle), section("users", d.users, shuffle) + "root = ['root-role']\n",
	}
	shuffle.Shuffle(len(sections), func(i, j int) { sections[i], sections[j] = sections[j], sections[i] })
	return "version = 1\n" + strings.Join(sections, "")
}

func section(name string, table map[string][]string, shuffle *rand.Rand) string {
	var lines []string
	for key, values := range table {
		values = slices.Clone(values)
		shuffle.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		lines = append(lines, fmt.Sprintf("%q = ['%s']\n", key, strings.Join(values, "', '")))
	}
	slices.Sort(lines)
	shuffle.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return "[" + name + "]\n" + strings.Join(lines, "")
}

func actors(t *rapid.T) access.Actor {
	id := rapid.SampledFrom([]uint32{1001, 1002, 1003, 2000, 4242})
	gid := rapid.SampledFrom([]uint32{100, 200, 300, 400, 999})
	return access.Actor{UID: id.Draw(t, "uid"), GID: gid.Draw(t, "gid"), Groups: rapid.SliceOfN(gid, 0, 3).Draw(t, "groups")}
}

func mustParse(t *rapid.T, text string) *access.Policy {
	p, err := access.ParseWith(passwd, group, text, catalog())
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// allowed gives what the actor may, of the whole catalog.
func allowed(p *access.Policy, a access.Actor) map[string]bool {
	may := map[string]bool{}
	for _, op := range catalog() {
		may[op.String()] = p.Allows(a, op.Permission)
	}
	return may
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, a := drafted(t), actors(t)
		shuffle := rand.New(rand.NewSource(rapid.Int64().Draw(t, "order")))
		p := mustParse(t, d.text(shuffle))
		before := allowed(p, a)
		agree(t, p, a)

		for permission, may := range allowed(mustParse(t, d.text(shuffle)), a) {
			if may != before[permission] {
				t.Fatalf("%s depends on the file's order", permission)
			}
		}
		slices.Reverse(a.Groups)
		if len(a.Groups) > 0 { // the kernel's order of groups, and which of them is the first, mean nothing
			a.GID, a.Groups[0] = a.Groups[0], a.GID
		}
		for permission, may := range allowed(p, a) {
			if may != before[permission] {
				t.Fatalf("%s depends on the groups' order", permission)
			}
		}

		denied := d
		denied.denyUsers = add(t, d.denyUsers, userNames, patterns)
		for permission, may := range allowed(mustParse(t, denied.text(shuffle)), a) {
			if may && !before[permission] {
				t.Fatalf("a denial more allows %s", permission)
			}
		}
		given := d
		given.groups = add(t, d.groups, groupNames, roleNames)
		for permission, may := range allowed(mustParse(t, given.text(shuffle)), a) {
			if !may && before[permission] {
				t.Fatalf("a role more denies %s", permission)
			}
		}
	})
}

// add gives a copy of the table with one value more.
func add(t *rapid.T, table map[string][]string, keys, values []string) map[string][]string {
	more := map[string][]string{}
	for key, list := range table {
		more[key] = slices.Clone(list)
	}
	key, value := rapid.SampledFrom(keys).Draw(t, "to"), rapid.SampledFrom(values).Draw(t, "more")
	if !slices.Contains(more[key], value) {
		more[key] = append(more[key], value)
	}
	return more
}

// TestDenialWins: whoever a rule covers does not have what it covers, whatever else the policy says.
func TestDenialWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, a := drafted(t), actors(t)
		pattern := rapid.SampledFrom(patterns).Draw(t, "denied")
		who := rapid.SampledFrom([]uint32{200, 300, 400}).Draw(t, "gid")
		name := map[uint32]string{200: "stella", 300: "stella-admin", 400: "contractors"}[who]
		d.denyGroups[name] = []string{pattern}
		p := mustParse(t, d.text(rand.New(rand.NewSource(1))))
		a.Groups = append(a.Groups, who)
		for _, op := range catalog() {
			resource, verb := want(pattern).Resource, want(pattern).Verb
			if (resource == "*" || resource == op.Resource) && (verb == "*" || verb == op.Verb) && p.Allows(a, op.Permission) {
				t.Fatalf("%s is denied %s and has %s", name, pattern, op)
			}
		}
	})
}
