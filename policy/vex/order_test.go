package vex

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOrder(t *testing.T) {
	list := []Statement{
		{ID: "b", Made: made},
		{ID: "d", Made: made.Add(time.Second)},
		{ID: "a", Made: made},
		{ID: "c"},
		{ID: "a", Index: -1, Made: made.In(time.FixedZone("", 3600))},
	}
	Order(list)
	var got []string
	for _, s := range list {
		got = append(got, s.ID)
	}
	if diff := cmp.Diff([]string{"c", "a", "a", "b", "d"}, got); diff != "" || list[1].Index != -1 {
		t.Error(diff)
	}
}

func TestContradict(t *testing.T) {
	for _, c := range []struct {
		statuses []string
		want     [][2]int
	}{
		{nil, nil},
		{[]string{Fixed}, nil},
		{[]string{Fixed, Fixed, Fixed}, nil},
		{[]string{Fixed, Affected}, [][2]int{{0, 1}}},
		{[]string{Fixed, Affected, Fixed, Fixed}, [][2]int{{1, 3}}},
		{[]string{Affected, NotAffected, UnderInvestigation}, [][2]int{{0, 1}, {0, 2}, {1, 2}}},
	} {
		var list []Statement
		for _, status := range c.statuses {
			list = append(list, Statement{Status: status})
		}
		if diff := cmp.Diff(c.want, Contradict(list)); diff != "" {
			t.Errorf("%v: %s", c.statuses, diff)
		}
	}
}
