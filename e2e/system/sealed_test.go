//go:build system

package system

import (
	"encoding/json"
	"strings"
	"testing"
)

// testSealed: in its unit, all that `adminctl status --sealed` names is cut, the unit's properties too, and a policy is
// evaluated all the same.
func testSealed(t *testing.T, m *machine) {
	const nobody = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	r := m.run("stella", "policy", "evaluate", "--artifact", nobody, "--environment", "production")
	if r.status != 3 || !strings.HasPrefix(r.out, "BLOCKED - ") || strings.Count(r.out, "BLOCKS") < 3 {
		t.Errorf("%v", r)
	}
	var answer struct {
		Seals []struct {
			Name, Proof string
			Holds       bool
		}
	}
	if err := json.Unmarshal([]byte(m.must(t, "adminctl status --sealed -o json")), &answer); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range answer.Seals {
		seen[s.Name] = true
		if !s.Holds {
			t.Errorf("%s: %s", s.Name, s.Proof)
		}
		t.Logf("%-28s %.120s", s.Name, s.Proof)
	}
	for _, name := range []string{"network", "address families", "system calls", "worker 1 files", "worker 2 privileges", "unit PrivateNetwork", "unit NoExecPaths"} {
		if !seen[name] {
			t.Errorf("%s is not told", name)
		}
	}
}
