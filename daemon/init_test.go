package daemon_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/access"
	"stellad/daemon"
	"stellad/daemon/config"
)

// installed makes what a package's installation leaves, with the demo's trust root: no policy, no genesis, no trial.
func installed(t testing.TB) config.Config {
	t.Helper()
	c := folder(t)
	c.Dev = false
	return c
}

// TestInit: each Init after another, in each state of an installation, and what is then there.
func TestInit(t *testing.T) {
	const own = "version = 9\n[roles]\nadministrator = [\"*:*\"]\n[users]\n\"uid:4242\" = [\"administrator\"]\n"
	genesis := func(name string) string { return `{"name":"` + name + `","time":"2026-01-02T03:04:05Z"}` }
	for _, c := range []struct {
		name           string
		policy, record string // that are there before; "" for none
		as             string
		admins         []string
		wants          string // in what it says that it did, or in its error
		fails          error
	}{
		{"fresh", "", "", "stella.example", []string{"uid:4711"}, "access.toml\nstella.example is initialised; ", nil},
		{"without administrators", "", "", "stella", nil, "wrote ", nil},
		{"one's own policy", own, "", "stella.example", nil, "is left as it is\nstella.example is initialised; ", nil},
		{"administrators too late", own, "", "stella.example", []string{"root"}, "see that it has the administrators that you want", nil},
		{"a policy that is none", "nonsense", "", "stella.example", nil, "is left as it is", nil},
		{"again", own, genesis("stella.example"), "stella.example", nil, "stella.example is initialised already", nil},
		{"again, without its policy", "", genesis("stella.example"), "stella.example", nil, "initialised already", nil},
		{"another name", own, genesis("stella.example"), "other.example", nil, "this appliance is stella.example already", daemon.ErrGenesis},
		{"another name, without its policy", "", genesis("stella.example"), "other.example", nil, "stella.example already", daemon.ErrGenesis},
		{"an unknown user", "", "", "stella.example", []string{"root", "no-such-user"}, "no-such-user", access.ErrUnknownUser},
		{"an unknown user, too late", own, "", "stella.example", []string{"no-such-user"}, "no-such-user", access.ErrUnknownUser},
		{"no record", own, "{", "stella.example", nil, "genesis.json", daemon.ErrGenesis},
		{"an empty record", own, "\n", "stella.example", nil, "genesis.json", daemon.ErrGenesis},
		{"a record of no name", own, "{}", "stella.example", nil, "bare hostname", daemon.ErrGenesis},
		{"a record of another's form", own, `{"name":7}`, "stella.example", nil, "genesis.json", daemon.ErrGenesis},
		{"no name", "", "", "", nil, "bare hostname", daemon.ErrGenesis},
		{"capitals", "", "", "Stella", nil, "bare hostname", daemon.ErrGenesis},
		{"an address", "", "", "https://stella", nil, "bare hostname", daemon.ErrGenesis},
		{"a dot at its end", "", "", "stella.", nil, "bare hostname", daemon.ErrGenesis},
		{"a hyphen first", "", "", "-stella", nil, "bare hostname", daemon.ErrGenesis},
		{"two lines", "", "", "stella\n", nil, "bare hostname", daemon.ErrGenesis},
		{"a long label", "", "", strings.Repeat("a", 64), nil, "bare hostname", daemon.ErrGenesis},
		{"a long name", "", "", strings.Repeat("a.", 127), nil, "bare hostname", daemon.ErrGenesis},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := installed(t)
			record := filepath.Join(conf.State, "genesis.json")
			for name, text := range map[string]string{conf.Access: c.policy, record: c.record} {
				if text != "" {
					lay(t, name, text)
				}
			}
			done, err := daemon.Init(conf, c.as, c.admins)
			if said := strings.Join(done, "\n"); !errors.Is(err, c.fails) || err == nil && !strings.Contains(said, c.wants) || err != nil && !strings.Contains(err.Error(), c.wants) {
				t.Fatalf("%q, %v, want %q", said, err, c.wants)
			}
			for name, before := range map[string]string{conf.Access: c.policy, record: c.record} {
				if after := text(t, name); before != "" && after != before || before == "" && err != nil && after != "" {
					t.Errorf("%s was %q and is %q", name, before, after)
				}
			}
			if err == nil {
				isInitialised(t, conf, c.as)
			}
			noneBeside(t, conf)
		})
	}
}

// isInitialised tells whether an appliance has its name and a policy.
func isInitialised(t *testing.T, c config.Config, name string) {
	t.Helper()
	g, err := daemon.ReadGenesis(c.State)
	if err != nil || g == nil || g.Name != name || g.Time.IsZero() {
		t.Errorf("the record of genesis: %v, %v", g, err)
	}
	if text(t, c.Access) == "" {
		t.Error("there is no policy")
	}
}

// noneBeside finds what an Init left of its work.
func noneBeside(t *testing.T, c config.Config) {
	t.Helper()
	for _, dir := range []string{c.State, filepath.Dir(c.Access)} {
		left, err := filepath.Glob(filepath.Join(dir, ".*"))
		must(t, err)
		if len(left) > 0 {
			t.Errorf("left over: %q", left)
		}
	}
}

// text is a file's, "" where there is none.
func text(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// TestInitInterrupted has an Init fail where a crash could end it: the policy is there and genesis is not, and it may
// have left a half of a file beside each. A daemon is then not initialised, and the same Init goes on.
func TestInitInterrupted(t *testing.T) {
	c := installed(t)
	must(t, os.Rename(c.State, c.State+".away"))
	if done, err := daemon.Init(c, "stella.example", []string{"uid:4711"}); err == nil {
		t.Fatalf("without a state it did %q", done)
	}
	must(t, os.Rename(c.State+".away", c.State))
	policy := text(t, c.Access)
	if !strings.Contains(policy, `"uid:4711" = ["administrator"]`) {
		t.Fatalf("the policy is %q", policy)
	}
	halves := []string{filepath.Join(c.State, ".genesis.json.1"), filepath.Join(filepath.Dir(c.Access), ".access.toml.1")}
	for _, half := range halves {
		lay(t, half, "{")
	}
	if g, err := daemon.ReadGenesis(c.State); g != nil || err != nil {
		t.Fatalf("initialised: %v, %v", g, err)
	}
	for _, wants := range []string{"stella.example is initialised; ", "initialised already"} {
		done, err := daemon.Init(c, "stella.example", nil)
		if err != nil || len(done) != 2 || !strings.Contains(done[1], wants) {
			t.Fatalf("%q, %v, want %q", done, err, wants)
		}
	}
	isInitialised(t, c, "stella.example")
	if now := text(t, c.Access); now != policy {
		t.Errorf("the policy was %q and is %q", policy, now)
	}
}
