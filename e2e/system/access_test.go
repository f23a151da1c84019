//go:build system

package system

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// testAccess: before genesis, which socket lets whom in, and whether the daemon knows who it was.
func testAccess(t *testing.T, m *machine) {
	for _, c := range []struct {
		user, socket string
		args         []string
		status       []int
	}{
		{"root", "admin", []string{"status"}, []int{0}},
		{"ada", "admin", []string{"status"}, []int{0}},
		{"sam", "admin", []string{"status"}, []int{4}},
		{"eve", "admin", []string{"status"}, []int{4}},
		{"sam", "admin", []string{"whoami"}, []int{4}},
		{"eve", "admin", []string{"whoami"}, []int{4}},
		{"sam", "verify", []string{"whoami"}, []int{0}},
		{"eve", "verify", []string{"whoami"}, []int{4}},
		{"ada", "verify", []string{"whoami"}, []int{4}},
	} {
		r := m.as(c.user, append(append([]string{"adminctl"}, c.args...), "--socket", "/run/stella/"+c.socket+".sock")...)
		if !slices.Contains(c.status, r.status) {
			t.Errorf("%s at %s: %v: %v", c.user, c.socket, c.args, r)
		}
		if r.status == 0 {
			continue
		}
		if r.out != "" || strings.Count(r.err, "\n") > 3 || !strings.Contains(r.err, c.socket+".sock") {
			t.Errorf("%s at %s: no clear word: %v", c.user, c.socket, r)
		}
		t.Logf("%s at %s: exit %d: %s", c.user, c.socket, r.status, strings.TrimSpace(r.err))
	}
	testWhoAmI(t, m)
}

// testWhoAmI: the IDs that the kernel told are those that the machine's own id tells.
func testWhoAmI(t *testing.T, m *machine) {
	for user, socket := range map[string]string{"root": "admin", "ada": "admin", "sam": "verify"} {
		r := m.as(user, "adminctl", "whoami", "-o", "json", "--socket", "/run/stella/"+socket+".sock")
		var who struct {
			UID    int `json:"uid"`
			Groups []struct {
				GID  int    `json:"gid"`
				Name string `json:"name"`
			} `json:"groups"` // the primary one first
		}
		if err := json.Unmarshal([]byte(r.out), &who); err != nil {
			t.Errorf("%s: %v: %v", user, err, r)
			continue
		}
		got := []string{strconv.Itoa(who.UID)}
		for _, g := range who.Groups {
			got = append(got, strconv.Itoa(g.GID)+" "+g.Name)
		}
		want := strings.Split(m.must(t, "id -u "+user+"; for g in $(id -G "+user+"); do echo $g $(getent group $g | cut -d: -f1); done"), "\n")
		slices.Sort(got[1:])
		slices.Sort(want[1:])
		got, want = slices.Compact(got), slices.Compact(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s is %q to the daemon, %q to the machine", user, got, want)
		}
	}
}
