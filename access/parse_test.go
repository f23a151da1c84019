package access_test

import (
	"errors"
	"strings"
	"testing"

	"stellad/access"
)

const head = "version = 1\n[roles]\nadministrator = [\"*:*\"]\noperator = [\"keys:list\"]\n[users]\nroot = [\"administrator\"]\n"

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "1: version is missing: write version = 1"},
		{"no version", "[roles]\na = ['*:*']\n[users]\nroot = ['a']\n", "1: version is missing"},
		{"version 0", "\nversion = 0\n", "2: version = 0: it starts at 1"},
		{"a negative version", "version = -3\n", "1: version = -3: it starts at 1"},
		{"a last version", "version = 9223372036854775807\n", "1: version = 9223372036854775807: "},
		{"a version too large", "version = 9223372036854775808\n", "1: "},
		{"a version in quotes", "version = '1'\n", `1: "version": a TOML string cannot stand here`},
		{"no TOML", head + "[groups\n", "7: "},
		{"an unknown key", head + "[group]\n", `7: unknown key "group"`},
		{"an unknown kind of denial", head + "[deny.hosts]\n", `7: unknown key "deny.hosts"`},
		{"a denial of another case", head + "[deny.Users]\nbob = ['*:*']\n", `7: unknown key "deny.Users"`},
		{"a denial of no kind", head + "[deny]\nbob = ['*:*']\n", `8: unknown key "deny.bob"`},
		{"a user twice", head + "root = ['operator']\n", "7: key root is already defined"},
		{"a role that is no list", head + "bob = 'operator'\n", `7: "users.bob": a TOML string cannot stand here`},
		{"a list of lists", head + "bob = [['operator']]\n", "7: "},
		{"too large", head + strings.Repeat("#", 1<<20), "1: larger than 1 MiB"},

		{"an unknown resource", head + "[deny.users]\nbob = ['kyes:list']\n", `8: "kyes:list": there is no resource "kyes"; did you mean keys?`},
		{"an unknown verb", "version = 1\n[roles]\na = ['*:*',\n\n'keys:lsit']\n", `5: "keys:lsit": keys has no verb "lsit"; did you mean list?`},
		{"an unknown verb like no other", "version = 1\n[roles]\na = ['keys:burn']\n", `3: "keys:burn": keys has no verb "burn"; it has list and rotate`},
		{"another's verb", "version = 1\n[roles]\na = ['status:rotate']\n", `3: "status:rotate": status has no verb "rotate"; it has read`},
		{"all of an unknown resource", "version = 1\n[roles]\na = ['gold:*']\n", `3: "gold:*": there is no resource "gold"`},
		{"a verb of all resources", "version = 1\n[roles]\na = ['*:read']\n", `3: "*:read": a verb of all resources cannot be named`},
		{"a resource of another case", "version = 1\n[roles]\na = ['Keys:list']\n", `3: "Keys:list": there is no resource "Keys"; did you mean keys?`},
		{"no colon", "version = 1\n[roles]\na = ['keys']\n", `3: "keys" is no permission: write resource:verb`},
		{"two colons", "version = 1\n[roles]\na = ['keys:list:x']\n", `3: "keys:list:x": keys has no verb`},
		{"no verb", "version = 1\n[roles]\na = ['keys:']\n", `3: "keys:" is no permission`},
		{"no resource", "version = 1\n[roles]\na = [':list']\n", `3: ":list" is no permission`},
		{"an empty grant", "version = 1\n[roles]\na = ['']\n", `3: "" is no permission`},
		{"a space", "version = 1\n[roles]\na = ['keys: list']\n", `3: "keys: list": keys has no verb`},
		{"a line break", "version = 1\n[roles]\na = [\"keys:l\\nx\"]\n", `3: "keys:l\nx": keys has no verb`},
		{"no grants", "version = 1\n[roles]\na = []\n", `3: "a" has nothing in its list`},
		{"a grant twice", "version = 1\n[roles]\na = ['keys:list', 'keys:*',\n'keys:list']\n", `4: "keys:list" stands twice in the list of "a"`},
		{"a denial of nothing", head + "[deny.users]\nbob = []\n", `8: "bob" has nothing in its list`},

		{"a role name with a capital", "version = 1\n[roles]\nAdmin = ['*:*']\n", `3: role name "Admin": write small letters`},
		{"a role name with a digit first", "version = 1\n[roles]\n1a = ['*:*']\n", `3: role name "1a"`},
		{"an empty role name", "version = 1\n[roles]\n'' = ['*:*']\n", `3: role name ""`},
		{"a role name that ends a line", "version = 1\n[roles]\n\"a\\n\" = ['*:*']\n", `3: role name "a\n"`},
		{"a reserved role name", "version = 1\n[roles]\nanyone = ['*:*']\n", `3: the role name "anyone" is taken`},
		{"a role that is not defined", head + "bob = ['operator',\n'administratr']\n", `8: role "administratr" is not defined in [roles]; did you mean administrator?`},
		{"a role like no other", head + "bob = ['x']\n", `7: role "x" is not defined in [roles]`},
		{"anyone assigned", head + "bob = ['anyone']\n", `7: role "anyone" need not be given`},
		{"a role assigned twice", head + "bob = ['operator', 'operator']\n", `7: "operator" stands twice in the list of "bob"`},
		{"no roles", head + "bob = []\n", `7: "bob" has nothing in its list`},

		{"an unknown user", head + "\neve = ['operator']\n", `8: there is no user "eve" in /etc/passwd: correct the name, or write "uid:N"`},
		{"an unknown user denied", head + "[deny.users]\neve = ['*:*']\n", `8: there is no user "eve"`},
		{"an unknown group", head + "[groups]\nusrs = ['operator']\n", `8: there is no group "usrs" in /etc/group: correct the name, or write "gid:N"`},
		{"an unknown group denied", head + "[deny.groups]\nusrs = ['*:*']\n", `8: there is no group "usrs"`},
		{"a group as a user", head + "users = ['operator']\n", `7: there is no user "users"`},
		{"a gid as a user", head + "'gid:0' = ['operator']\n", `7: there is no user "gid:0"`},
		{"a bare number", head + "1001 = ['operator']\n", `7: there is no user "1001"`},
		{"a uid of two spellings", head + "'uid:01' = ['operator']\n", `7: there is no user "uid:01"`},
		{"the kernel's -1", head + "'uid:4294967295' = ['operator']\n", `7: there is no user "uid:4294967295"`},
		{"a user under two names", head + "'uid:0' = ['operator']\n", `7: "uid:0" is "root" of line 6 again (uid 0): keep one`},
		{"a user under an alias", head + "root2 = ['operator']\n", `7: "root2" is "root" of line 6 again (uid 0): keep one`},
		{"a group under two names", head + "[groups]\n'gid:200' = ['operator']\nstella = ['operator']\n", `9: "stella" is "gid:200" of line 8 again (gid 200): keep one`},
		{"a user denied under two names", head + "[deny.users]\nbob = ['keys:*']\n'uid:1002' = ['*:*']\n", `9: "uid:1002" is "bob" of line 8 again`},

		{"nobody", "version = 1\n", "1: nobody is permitted access:reload"},
		{"nobody who may mend it", "version = 1\n[roles]\na = ['access:read', 'keys:*']\n[users]\nroot = ['a']\n", "1: nobody is permitted access:reload"},
		{"a role that nobody holds", "version = 1\n[roles]\na = ['*:*']\n", "1: nobody is permitted access:reload"},
		{"the one who may is denied", head + "[deny.users]\nroot = ['access:*']\n", "1: nobody is permitted access:reload"},
		{"the one who may is denied by number", head + "[deny.users]\n'uid:0' = ['*:*']\n", "1: nobody is permitted access:reload"},
		{"the one who may is in a group that is denied", head + "[deny.groups]\nroot = ['access:reload']\n", "1: nobody is permitted access:reload"},
		{"the group that may is denied", "version = 1\n[roles]\na = ['*:*']\n[groups]\ncustodians = ['a']\n[deny.groups]\n'gid:500' = ['access:*']\n", "1: nobody is permitted access:reload"},
	} {
		p, err := access.ParseWith(passwd, group, c.text, catalog())
		if p != nil || !errors.Is(err, access.ErrPolicy) || !strings.HasPrefix(err.Error(), "access.toml:"+c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line access.toml:%s, got %v", c.name, c.want, err)
		}
	}
}

func TestParsed(t *testing.T) {
	for name, text := range map[string]string{
		"as it is":                  head,
		"all in one line":           "version=1\nroles={a=['*:*']}\nusers={root=['a']}\n",
		"CRLF":                      strings.ReplaceAll(head, "\n", "\r\n"),
		"a group without members":   "version = 1\n[roles]\na = ['access:reload']\n[groups]\ncustodians = ['a']\n",
		"a directory's user":        "version = 1\n[roles]\na = ['access:*']\n[users]\n'uid:70000' = ['a']\n",
		"one is denied, one is not": head + "bob = ['administrator']\n[deny.users]\nroot = ['*:*']\n",
		"a role that nobody holds":  head,
		"the most bytes":            head + strings.Repeat("#", 1<<20-len(head)),
	} {
		if p, err := access.ParseWith(passwd, group, text, catalog()); err != nil || p.Version != 1 || p.File != "access.toml" {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := parse(t, "version = 1 # x\n"+head[12:])
	if p.SHA256 == parse(t, head).SHA256 || len(p.SHA256) != 64 {
		t.Error(p.SHA256)
	}
	// A catalog without access:reload has nothing to mend a policy by.
	if _, err := access.ParseWith(passwd, group, "version = 1\n", catalog()[4:]); err != nil {
		t.Error(err)
	}
	// Where anyone may reload, somebody may.
	open := catalog()
	open[3].Anyone = true
	if _, err := access.ParseWith(passwd, group, "version = 1\n", open); err != nil {
		t.Error(err)
	}
}

func TestDev(t *testing.T) {
	p := access.Dev(1234, catalog())
	if !p.Allows(access.Actor{UID: 1234, GID: 5}, want("keys:rotate")) || p.Allows(access.Actor{UID: 0, GID: 1234}, want("keys:rotate")) {
		t.Error("not the one user")
	}
	if p := access.Dev(1<<32-1, catalog()); p.Allows(access.Actor{UID: 1<<32 - 1}, want("self:read")) {
		t.Error("nobody is administrator")
	}
}

// TestBuiltin: it stands on a machine without its groups, and lets their numbers in nowhere.
func TestBuiltin(t *testing.T) {
	for name, groups := range map[string]string{"with groups": group, "without": "root:x:0:\n"} {
		p, err := access.BuiltinWith(passwd, groups, catalog())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			actor access.Actor
			want  string
			may   bool
		}{
			{access.Actor{}, "access:reload", true},
			{access.Actor{UID: 1, GID: 300}, "access:reload", groups == group},
			{access.Actor{UID: 1, GID: 200}, "attestations:verify", groups == group},
			{access.Actor{UID: 1, GID: 200}, "access:reload", false},
			{access.Actor{UID: 1, GID: 1}, "attestations:verify", false},
			{access.Actor{UID: 1, GID: 1<<32 - 1}, "attestations:verify", false},
		} {
			if p.Allows(c.actor, want(c.want)) != c.may {
				t.Errorf("%s: %+v %s: %v", name, c.actor, c.want, !c.may)
			}
		}
	}
	if _, err := access.Builtin(catalog()); err != nil {
		t.Error("on this machine:", err)
	}
	if _, err := access.Builtin(catalog()[4:]); !errors.Is(err, access.ErrPolicy) {
		t.Error("of a catalog without its resources:", err)
	}
	if _, err := access.ParseWith(passwd, "root:x:0:\n", access.Default, catalog()); err == nil {
		t.Error("a file may name groups that are not there")
	}
}

func TestGenesis(t *testing.T) {
	for name, groups := range map[string]string{"with groups": group, "without": "root:x:0:\n"} {
		text, err := access.GenesisWith(passwd, groups, "ada", "dot.dash", "root", "uid:1001", "uid:5000", "root2", "ada")
		if err != nil {
			t.Fatal(err)
		}
		p, err := access.ParseWith(passwd, groups, string(text), catalog())
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		for uid, may := range map[uint32]bool{0: true, 1001: true, 1004: true, 5000: true, 1002: false} {
			if p.Allows(access.Actor{UID: uid, GID: 100}, want("access:reload")) != may {
				t.Errorf("%s: uid %d: %v", name, uid, !may)
			}
		}
		if p.Allows(access.Actor{UID: 1, GID: 300}, want("access:reload")) != (groups == group) {
			t.Errorf("%s: stella-admin", name)
		}
		for line := range strings.Lines(access.Default) {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s: %q is gone", name, line)
			}
		}
	}
	if text, err := access.GenesisWith(passwd, group); err != nil || string(text) != access.Default {
		t.Errorf("of no users: %v\n%s", err, text)
	}
	for _, user := range []string{"eve", "", "uid:x", "ada\nbob"} {
		if _, err := access.GenesisWith(passwd, group, "ada", user); !errors.Is(err, access.ErrUnknownUser) {
			t.Errorf("%q: %v", user, err)
		}
	}
	odd := "o|d\"d:x:1007:1::/:/bin/sh\n"
	if text, err := access.GenesisWith(passwd+odd, group, `o|d"d`); err != nil || !strings.Contains(string(text), "\n\"uid:1007\" = ") {
		t.Errorf("an odd name: %v\n%s", err, text)
	}
	if _, err := access.Genesis([]string{"root"}); err != nil {
		t.Error("on this machine:", err)
	}
}

// FuzzParse holds that a text is refused in one line that starts with its place, or is a policy that somebody can mend
// and that grants nothing which is not in the catalog.
func FuzzParse(f *testing.F) {
	f.Add(house)
	f.Add(access.Default)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := access.ParseWith(passwd, group, text, catalog())
		if err != nil {
			if !errors.Is(err, access.ErrPolicy) || !strings.HasPrefix(err.Error(), "access.toml:") || strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Fatalf("%q", err)
			}
			return
		}
		if p.Version == 0 {
			t.Fatal("version 0")
		}
		if p.Allows(access.Actor{UID: 123456789, GID: 123456789}, want("keys:rotate")) && !strings.Contains(text, "123456789") {
			t.Fatal("a stranger rotates keys")
		}
		for _, a := range []access.Actor{{}, {UID: 1002, GID: 100, Groups: []uint32{400}}, {UID: 9, GID: 300, Groups: []uint32{200}}} {
			agree(t, p, a)
		}
		_ = p.Matrix().Markdown()
	})
}

// agree holds the tables that Allows looks into to the rules that Decide reads its reasons from.
func agree(t interface{ Fatalf(string, ...any) }, p *access.Policy, a access.Actor) {
	for _, text := range []string{"status:read", "keys:list", "keys:rotate", "access:reload", "attestations:verify", "self:read", "keys:none"} {
		d := p.Decide(a, want(text))
		granted := strings.HasPrefix(d.Reason, "role ") || strings.HasPrefix(d.Reason, "anyone ")
		if d.Allowed != granted || d.Allowed != p.Allows(a, want(text)) || strings.Contains(d.Reason, "\n") || d.Allowed && d.Near != nil {
			t.Fatalf("%+v %s: %+v", a, text, d)
		}
	}
}
