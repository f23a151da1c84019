package findings

// names are sets of connected names: each leads to another of its set, and the last to itself.
type names map[string]string

func (n names) root(id string) string {
	for n[id] != "" && n[id] != id {
		if next := n[n[id]]; next != "" {
			n[id] = next
		}
		id = n[id]
	}
	return id
}

// join connects names, of which there is one at least.
func (n names) join(ids []string) {
	first := n.root(ids[0])
	n[first] = first
	for _, id := range ids[1:] {
		other := n.root(id)
		n[other] = other
		n[max(first, other)] = min(first, other)
		first = min(first, other)
	}
}

// owners are the CVEs' classes that share a name with a set, by the set's root.
func (n names) owners(byCVE map[string]*class) map[string][]*class {
	owners := map[string][]*class{}
	for _, c := range byCVE {
		seen := map[string]bool{}
		for _, id := range c.aliases {
			root := n.root(id)
			if _, is := n[id]; is && !seen[root] {
				seen[root] = true
				owners[root] = append(owners[root], c)
			}
		}
	}
	return owners
}
