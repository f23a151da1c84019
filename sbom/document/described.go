package document

import "slices"

// described finds what an SPDX document is about. That is said after the
// packages, mostly, so they are kept, up to a sum of bytes.
type described struct {
	ids  []string
	kept map[string]Subject
	size int
}

const maxKept = 8 << 20

func (d *described) keep(s Subject) {
	size := 200 + len(s.ID) + len(s.Name) + len(s.Version) + len(s.PURL)
	for _, h := range s.Hashes {
		size += 50 + len(h.Value)
	}
	if d.size+size > maxKept {
		return
	}
	if d.kept == nil {
		d.kept = map[string]Subject{}
	}
	d.size += size
	d.kept[s.ID] = s
}

func (d *described) relate(from, how, to string) {
	const document = "SPDXRef-DOCUMENT"
	switch {
	case how == "DESCRIBES" && from == document:
		d.describe(to)
	case how == "DESCRIBED_BY" && to == document:
		d.describe(from)
	}
}

func (d *described) describe(id string) {
	if len(d.ids) < MaxSubjects && !slices.Contains(d.ids, id) {
		d.ids = append(d.ids, id)
	}
}

func (d *described) subjects() []Subject {
	var subjects []Subject
	for _, id := range d.ids {
		s := d.kept[id]
		s.ID = id
		subjects = append(subjects, s)
	}
	return subjects
}
