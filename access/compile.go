package access

// reach is what the entries of one user or one group come to.
type reach struct{ granted, denied bits }

// bits is a set of permissions by their index.
type bits []uint64

func (b bits) has(i int) bool { return i/64 < len(b) && b[i/64]>>(i%64)&1 == 1 }

func (b bits) with(i int) bits {
	for len(b) <= i/64 {
		b = append(b, 0)
	}
	b[i/64] |= 1 << (i % 64)
	return b
}

func (b bits) without(i int) bits {
	if b.has(i) {
		b[i/64] &^= 1 << (i % 64)
	}
	return b
}

// compile makes the tables of Allows.
func (p *Policy) compile() {
	p.index = map[Permission]int{}
	for i, op := range p.catalog {
		if first, again := p.index[op.Permission]; again {
			if !op.Anyone {
				p.anyone = p.anyone.without(first)
			}
			continue
		}
		p.index[op.Permission] = i
		if op.Anyone {
			p.anyone = p.anyone.with(i)
		}
	}
	p.users, p.groups = map[uint32]reach{}, map[uint32]reach{}
	for _, h := range p.holders {
		p.reaches(h.principal, func(r *reach) {
			for _, name := range h.roles {
				r.granted = p.mark(r.granted, p.role(name).grants)
			}
		})
	}
	for _, d := range p.denials {
		p.reaches(d.principal, func(r *reach) { r.denied = p.mark(r.denied, d.rules) })
	}
}

func (p *Policy) reaches(who principal, change func(*reach)) {
	table := p.users
	if who.kind == "group" {
		table = p.groups
	}
	if who.id != nobody {
		r := table[who.id]
		change(&r)
		table[who.id] = r
	}
}

func (p *Policy) mark(b bits, rules []rule) bits {
	for permission, i := range p.index {
		for _, r := range rules {
			if covers(r.Permission, permission) {
				b = b.with(i)
			}
		}
	}
	return b
}
