package access_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"stellad/access"
)

// A machine of its own, so that the tests mean the same on each.
const (
	passwd = `root:x:0:0:root:/root:/bin/sh
ada:x:1001:100::/:/bin/sh
bob:x:1002:100::/:/bin/sh
cyd:x:1003:300::/:/bin/sh
dot.dash:x:1004:100::/:/bin/sh
root2:x:0:0::/:/bin/sh
+nis:x:1009:1::/:/bin/sh
short:x:1010:1
bob:x:1011:100::/:/bin/sh
wild:x:-5:100::/:/bin/sh
`
	group = `root:x:0:
users:x:100:
stella:x:200:cyd,ada
stella-admin:x:300:ada
contractors:x:400:bob
custodians:x:500:
`
)

func catalog() access.Catalog {
	var c access.Catalog
	for _, op := range []struct {
		permission, sockets string
		anyone              bool
	}{
		{"status:read", "admin", false},
		{"metrics:read", "admin", false},
		{"access:read", "admin", false},
		{"access:reload", "admin", false},
		{"keys:list", "admin", false},
		{"keys:rotate", "admin", false},
		{"audit:read", "admin", false},
		{"audit:export", "admin", false},
		{"attestations:verify", "admin verify", false},
		{"policies:evaluate", "admin verify", false},
		{"self:read", "admin verify", true},
	} {
		c = append(c, access.Operation{
			Permission: want(op.permission), Sockets: strings.Fields(op.sockets), Anyone: op.anyone,
			Methods: []string{"stella.v1." + op.permission},
		})
	}
	return c
}

func want(text string) access.Permission {
	resource, verb, _ := strings.Cut(text, ":")
	return access.Permission{Resource: resource, Verb: verb}
}

const house = `version = 7
[roles]
administrator = ["*:*"]
operator = ["status:read",
  "keys:list"]
custodian = ["keys:*"]
service = ["attestations:verify"]

[users]
root = ["administrator"]
bob = ["operator", "service"]
"uid:2000" = ["custodian"]

[groups]
stella-admin = ["administrator"]
stella = ["service"]
"gid:999" = ["operator"]

[deny.users]
"uid:2001" = ["self:read", "keys:rotate"]

[deny.groups]
contractors = ["keys:*"]
`

func parse(t testing.TB, text string) *access.Policy {
	t.Helper()
	p, err := access.ParseWith(passwd, group, text, catalog())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func actor(t testing.TB, user string) access.Actor {
	t.Helper()
	a, ok := access.ActorWith(passwd, group, user)
	if !ok {
		t.Fatalf("no %s", user)
	}
	return a
}

// TestTable holds each role's and each denial's reach to a table that was written out by hand.
func TestTable(t *testing.T) {
	p := parse(t, house)
	const all = "status:read metrics:read access:read access:reload audit:export audit:read keys:list keys:rotate attestations:verify policies:evaluate self:read"
	for name, c := range map[string]struct {
		actor      access.Actor
		may, roles string
	}{
		"root":                       {access.Actor{}, all, "administrator anyone"},
		"root's uid in other groups": {access.Actor{GID: 7, Groups: []uint32{8}}, all, "administrator anyone"},
		"root's group alone":         {access.Actor{UID: 5, GID: 0, Groups: []uint32{0}}, "self:read", "anyone"},
		"a stranger":                 {access.Actor{UID: 4242, GID: 4242}, "self:read", "anyone"},
		"nobody at all":              {access.Actor{UID: 1<<32 - 1, GID: 1<<32 - 1}, "self:read", "anyone"},
		"service by group":           {access.Actor{UID: 5, GID: 200}, "attestations:verify self:read", "anyone service"},
		"service by a second group":  {access.Actor{UID: 5, GID: 6, Groups: []uint32{1, 200, 3}}, "attestations:verify self:read", "anyone service"},
		"operator by gid:N":          {access.Actor{UID: 5, GID: 999}, "status:read keys:list self:read", "anyone operator"},
		"custodian by uid:N":         {access.Actor{UID: 2000, GID: 1}, "keys:list keys:rotate self:read", "anyone custodian"},
		"a gid of a user's number":   {access.Actor{UID: 1, GID: 2000}, "self:read", "anyone"},
		"a uid of a group's number":  {access.Actor{UID: 300, GID: 1}, "self:read", "anyone"},
		"ada, by two groups":         {actor(t, "ada"), all, "administrator anyone service"},
		"bob, less his denials":      {actor(t, "bob"), "status:read attestations:verify self:read", "anyone operator service"},
		"bob, who left contractors":  {access.Actor{UID: 1002, GID: 100}, "status:read keys:list attestations:verify self:read", "anyone operator service"},
		"an administrator denied":    {access.Actor{UID: 9, GID: 300, Groups: []uint32{400}}, strings.NewReplacer(" keys:list", "", " keys:rotate", "").Replace(all), "administrator anyone"},
		"anyone's denied":            {access.Actor{UID: 2001, GID: 1}, "", "anyone"},
		"denied beats administrator": {access.Actor{UID: 2001, GID: 300}, "status:read metrics:read access:read access:reload audit:export audit:read keys:list attestations:verify policies:evaluate", "administrator anyone"},
	} {
		for _, op := range catalog() {
			may := strings.Contains(" "+c.may+" ", " "+op.String()+" ")
			if p.Allows(c.actor, op.Permission) != may {
				t.Errorf("%s: %s allowed: %v", name, op, !may)
			}
		}
		if got := strings.Join(p.Roles(c.actor), " "); got != c.roles {
			t.Errorf("%s holds %s", name, got)
		}
	}
}

// TestUnknown: what is in no catalog is nobody's, an administrator's neither; nor is anything in no policy.
func TestUnknown(t *testing.T) {
	p := parse(t, house)
	for _, text := range []string{"keys:burn", "key:list", "*:*", "keys:*", "*:list", ":", "keys:", "", "KEYS:list", "keys:list ", "status:reload"} {
		if d := p.Decide(access.Actor{}, want(text)); d.Allowed || p.Allows(access.Actor{}, want(text)) || !errors.Is(d.Err(), access.ErrDenied) {
			t.Errorf("%q: %+v", text, d)
		}
	}
	if d := new(access.Policy).Decide(access.Actor{}, want("self:read")); d.Allowed || d.Err() == nil {
		t.Errorf("a zero policy: %+v", d)
	}
	twice := append(catalog(), access.Operation{Permission: want("self:read")})
	p, err := access.ParseWith(passwd, group, house, twice)
	if err != nil || p.Allows(access.Actor{UID: 77, GID: 77}, want("self:read")) {
		t.Errorf("anyone's in one row of the catalog alone: allowed, %v", err)
	}
}

func TestReasons(t *testing.T) {
	p := parse(t, house)
	contractor := access.Actor{UID: 1, GID: 300, Groups: []uint32{400}}
	for _, c := range []struct {
		actor        access.Actor
		want, reason string
		near         []string
	}{
		{access.Actor{}, "keys:rotate", "role administrator, held by user root, grants *:* (access.toml:3)", nil},
		{access.Actor{UID: 1, GID: 300}, "keys:rotate", "role administrator, held by group stella-admin, grants *:* (access.toml:3)", nil},
		{access.Actor{UID: 1, GID: 999}, "keys:list", "role operator, held by group gid:999, grants keys:list (access.toml:5)", nil},
		{access.Actor{UID: 1, GID: 1}, "self:read", "anyone has self:read", nil},
		{
			access.Actor{UID: 1, GID: 999},
			"keys:rotate", "no role that is held grants keys:rotate",
			[]string{
				"role operator, which is held, has keys:list but not keys:rotate",
				"role administrator grants it, and user root and group stella-admin hold it",
				"role custodian grants it, and user uid:2000 holds it",
			},
		},
		{
			access.Actor{UID: 2001, GID: 1},
			"keys:rotate",
			`denied by [deny.users] "uid:2001" (access.toml:20)`, nil,
		},
		{
			contractor, "keys:rotate", `denied by [deny.groups] "contractors" (access.toml:23)`,
			[]string{"but for that: role administrator, held by group stella-admin, grants *:* (access.toml:3)"},
		},
		{access.Actor{UID: 2001, GID: 1}, "self:read", `denied by [deny.users] "uid:2001" (access.toml:20)`, nil},
		{access.Actor{}, "keys:rotat", `keys has no verb "rotat"; did you mean rotate?`, nil},
		{access.Actor{}, "keys:burn", `keys has no verb "burn"; it has list and rotate`, nil},
		{access.Actor{}, "kyes:list", `there is no resource "kyes"; did you mean keys?`, nil},
		{access.Actor{}, "gold:mine", `there is no resource "gold"`, nil},
	} {
		d := p.Decide(c.actor, want(c.want))
		if d.Reason != c.reason || strings.Join(d.Near, "\n") != strings.Join(c.near, "\n") {
			t.Errorf("%s: %s\n%s", c.want, d.Reason, strings.Join(d.Near, "\n"))
		}
		if err := d.Err(); d.Allowed != (err == nil) || err != nil && (!errors.Is(err, access.ErrDenied) || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%s: error %v", c.want, err)
		}
	}
}

func TestActor(t *testing.T) {
	for user, groups := range map[string]string{
		"root": "0 []", "uid:0": "0 []", "ada": "100 [200 300]", "uid:1001": "100 [200 300]", "bob": "100 [400]", "cyd": "300 [200]",
		"uid:3000": "4294967295 []",
	} {
		a := actor(t, user)
		if got := fmt.Sprint(a.GID, " ", a.Groups); got != groups {
			t.Errorf("%s is in %s", user, got)
		}
	}
	for _, user := range []string{"", "eve", "Ada", "1001", "uid:", "uid:-1", "uid:01", "uid:+1", "uid:4294967295", "uid:4294967296", "gid:0", "+nis", "nis", "short", "wild", "#", "x"} {
		if a, ok := access.ActorWith(passwd, group, user); ok {
			t.Errorf("%q is %+v", user, a)
		}
	}
	if a, err := access.ActorOf("root"); err != nil || a.UID != 0 || a.GID != 0 {
		t.Errorf("root is %+v, %v", a, err)
	}
	if _, err := access.ActorOf("no such user"); !errors.Is(err, access.ErrUnknownUser) {
		t.Error(err)
	}
	// os/user would take this process's own uid for the name, had /etc/passwd no name for it.
	t.Setenv("USER", "no-such-user")
	if _, err := access.ActorOf("no-such-user"); !errors.Is(err, access.ErrUnknownUser) {
		t.Error(err)
	}
}

func BenchmarkAllows(b *testing.B) {
	p := parse(b, house)
	a := access.Actor{UID: 1001, GID: 100, Groups: []uint32{4, 24, 27, 30, 46, 100, 200, 300}}
	b.ReportAllocs()
	for b.Loop() {
		if !p.Allows(a, access.Permission{Resource: "keys", Verb: "rotate"}) {
			b.Fatal("denied")
		}
	}
}
