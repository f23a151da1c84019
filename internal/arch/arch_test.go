package arch

import (
	"slices"
	"strings"
	"testing"
)

const page = `# A page

| other | table |
|---|---|
| 9 | x |

| floor | folder | what lives there | may import |
|---|---|---|---|
| 3 | ´daemon/´ | the daemon | ´all´, ´gRPC´ |
| 3 | ´client/´ | the client | ´†´ |
| 2 | ´journal/´ | appends | ´log/´ |
| 1 | ´store/´ ´store/blobs/´ | files | – |
| 1 | ´verify/time/´ † ´verify/trust/´ † ´verify/´ † ´verify/report/´ † | verdicts | ´log´ |
| 1 | ´log/audit/´ | records | ´log´ |
| 0 | ´log/´ † | hashing | – |
| 0 | ´internal/vectors/´ ‡ | test files | – |
| – | ´e2e/´ | scripts | ´all´ |

| floor | a | third | table |
| 7 | ´not/´ | read | – |
`

func parsePage(t *testing.T) Table {
	t.Helper()
	table, err := Parse(strings.ReplaceAll(page, "´", "`"))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// graph reads lines "a: b c" into packages of module m; "a test: b" are the imports of a's tests.
func graph(text string) []Package {
	byPath := map[string]*Package{}
	var order []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		name, test := strings.CutSuffix(name, " test")
		path := modulePath(name)
		p, ok := byPath[path]
		if !ok {
			p = &Package{Path: path, TestsOnly: test}
			byPath[path] = p
			order = append(order, path)
		}
		for _, imp := range strings.Fields(imports) {
			if test {
				p.TestImports = append(p.TestImports, modulePath(imp))
			} else {
				p.Imports = append(p.Imports, modulePath(imp))
			}
		}
	}
	var packages []Package
	for _, path := range order {
		packages = append(packages, *byPath[path])
	}
	return packages
}

// modulePath completes a name of a made-up graph: what begins with std/ or has a dot is outside the module.
func modulePath(name string) string {
	outside, isStd := strings.CutPrefix(name, "std/")
	switch {
	case isStd || strings.Contains(name, "."):
		return outside
	case name == "root":
		return "m"
	}
	return "m/" + name
}

func TestCheck(t *testing.T) {
	table := parsePage(t)
	for _, c := range []struct{ name, graph, fault string }{
		{"down", "client: verify log\nverify: log\nlog:", ""},
		{"down past a floor", "daemon: log", ""},
		{"all", "daemon: journal store verify log", ""},
		{"subfolder of a named folder in its row", "client: verify/report", ""},
		{"package below a folder", "daemon/main: daemon/config\ndaemon/config: log", ""},
		{"in order in a row", "verify: verify/trust verify/time\nverify/report: verify", ""},
		{"outside", "daemon: google.golang.org/grpc/codes\nstore: example.com/badger std/net", ""},
		{"like gRPC by name alone", "store: google.golang.org/grpcweb", ""},
		{"test helper", "verify:\nverify test: verify internal/vectors", ""},
		{"root with a test", "root test: internal/vectors", ""},
		{"end to end", "e2e test: client daemon verify", ""},

		{"up", "log: verify", "m/log imports m/verify, which is not on a lower floor"},
		{"level", "client: daemon", "m/client imports m/daemon, which is not on a lower floor"},
		{"level, pure", "verify: log/audit", "m/verify imports m/log/audit, which is not on a lower floor"},
		{"up from a test", "log:\nlog test: verify", "m/log imports m/verify, which is not on a lower floor"},
		{"down, not named", "journal: store", "m/journal imports m/store, which its row does not name"},
		{"down, not named, from a test", "journal:\njournal test: store", "m/journal imports m/store, which its row does not name"},
		{"down, a folder below the named one with its own row", "journal: log/audit", "m/journal imports m/log/audit, which its row does not name"},
		{"not pure, by the client", "client: store", "m/client imports m/store, which its row does not name"},
		{"against the order in a row", "verify: verify/report", "m/verify imports m/verify/report, which stands above it"},
		{"against the order, siblings", "verify/time: verify/trust", "m/verify/time imports m/verify/trust, which stands above it"},
		{"against the order, parent", "verify/trust: verify", "m/verify/trust imports m/verify, which stands above it"},
		{"no row", "secret: log", "m/secret has no row"},
		{"no row, though its name begins like one", "logs:", "m/logs has no row"},
		{"code at the root", "root: log", "m has no row"},
		{"test helper in code", "daemon: internal/vectors", "m/daemon imports m/internal/vectors, which is for tests alone"},
		{"end to end by code", "daemon: e2e", "m/daemon imports m/e2e, which is not on a lower floor"},
		{"gRPC below", "store: google.golang.org/grpc", "m/store imports google.golang.org/grpc, which its row does not name"},
		{"gRPC's parts below", "store: google.golang.org/grpc/codes", "m/store imports google.golang.org/grpc/codes, which its row does not name"},
		{"gRPC in a test", "store:\nstore test: google.golang.org/grpc", "m/store imports google.golang.org/grpc"},
		{"pure with a network", "log: std/net/http", "m/log is pure and reaches net/http"},
		{"pure with a process", "verify/trust: std/os/exec", "m/verify/trust is pure and reaches os/exec"},
		{"pure, by a way", "verify/report: verify\nverify: log\nlog: store", "m/verify/report is pure and reaches m/verify → m/log → m/store"},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := table.Check("m", graph(c.graph))
			switch {
			case c.fault == "" && len(faults) > 0:
				t.Errorf("faults: %q", faults)
			case c.fault != "" && !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, c.fault) }):
				t.Errorf("faults: %q, want %q", faults, c.fault)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	head := "| floor | folder | what lives there | may import |\n|---|---|---|---|\n"
	for _, c := range []struct{ name, page, err string }{
		{"no table", "# A page", "no table"},
		{"another table", "| floor | folder |\n|---|---|\n| 1 | `a/` |", "no table"},
		{"no rows", head, "no table"},
		{"cells", head + "| 1 | `a/` | x |", "3 cells"},
		{"floor", head + "| one | `a/` | x | – |", `floor "one"`},
		{"no folder", head + "| 1 | a/ | x | – |", "names no folder"},
		{"folder without its slash", head + "| 1 | `a` | x | – |", "names no folder"},
		{"imports without backquotes", head + "| 1 | `a/` | x | b |", "neither names"},
		{"imports nothing and something", head + "| 1 | `a/` | x |  |", "neither names"},
		{"imports what is not there", head + "| 1 | `a/` | x | `b` |", `may import "b"`},
		{"twice", head + "| 1 | `a/` | x | – |\n| 2 | `a/` | y | – |", "named twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse(c.page); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	want := []string{
		"daemon", "client", "journal", "store", "store/blobs", "verify/time", "verify/trust", "verify",
		"verify/report", "log/audit", "log", "internal/vectors", "e2e",
	}
	if got := parsePage(t).Folders(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
