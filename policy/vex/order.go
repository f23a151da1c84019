package vex

import (
	"cmp"
	"slices"
)

// Order sorts statements by when they were made, then by ID: of those on one
// finding that a policy believes, the last stands. One without a time is older
// than any that has one.
func Order(list []Statement) {
	slices.SortFunc(list, func(a, b Statement) int {
		return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Index, b.Index))
	})
}

// Contradict gives, of statements on one finding in their order, the pairs
// that differ in status: for each two statuses the places of the latest that
// say so, the earlier first. There are at most six.
func Contradict(list []Statement) [][2]int {
	latest := map[string]int{}
	for i, s := range list {
		latest[s.Status] = i
	}
	places := make([]int, 0, len(latest))
	for _, i := range latest {
		places = append(places, i)
	}
	slices.Sort(places)
	var pairs [][2]int
	for i, first := range places {
		for _, second := range places[i+1:] {
			pairs = append(pairs, [2]int{first, second})
		}
	}
	return pairs
}
