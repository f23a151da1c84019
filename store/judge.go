package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// A judgement is what Open makes of the report.
type judgement struct {
	heads map[string]head // by id: to be set anew
	drop  []*Keyspace     // caches that are damaged, and what nobody declares
	err   error
}

// judge holds what was found against the heads, in Badger and outside. why is set where the copy outside says nothing.
func (s *Store) judge(r report, why string) (j judgement) {
	j.heads = map[string]head{}
	s.heads = r.Heads
	if s.heads == nil {
		s.heads = map[string]head{}
	}
	for _, id := range ids(r, s.outside.o, s.keyspaces) {
		k := s.keyspaces[id]
		switch kind := Kind(id[0]); {
		case k == nil && kind == content:
			if r.Found[id].Count+r.Heads[id].Count+s.outside.o.Content[id].Count > 0 {
				j.err = fmt.Errorf("%w: content %s is in the store, and nobody declares it", ErrKeyspace, id[1:])
			}
		case k == nil:
			j.drop = append(j.drop, &Keyspace{name: id[1:], kind: kind, prefix: prefix(kind, id[1:])})
		case kind == content:
			s.judgeContent(&j, id, r, why)
		case kind == view:
			s.suspect[k] = s.judgeHead(id, r)
		case s.judgeHead(id, r) != "":
			j.drop = append(j.drop, k)
		}
	}
	return j
}

// ids returns the keyspaces that anything is known of, in order.
func ids(r report, o outside, declared map[string]*Keyspace) []string {
	all := map[string]bool{}
	for _, keys := range []func(func(string) bool){
		maps.Keys(r.Found), maps.Keys(r.Heads), maps.Keys(r.BadHeads), maps.Keys(o.Content), maps.Keys(declared),
	} {
		for id := range keys {
			all[id] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// judgeHead tells how a view or a cache differs from its head; "" where it does not, or where there is neither.
func (s *Store) judgeHead(id string, r report) string {
	h, have := r.Heads[id]
	switch {
	case s.opening.Why != "":
		return "the database was damaged: " + s.opening.Why
	case r.BadHeads[id]:
		return "its head is damaged"
	case !have && r.Found[id].Count > 0:
		return fmt.Sprintf("%d keys have no head", r.Found[id].Count)
	}
	return h.differs(r.Found[id])
}

// judgeContent sets a head that says what is there, and in doubt what is missing.
func (s *Store) judgeContent(j *judgement, id string, r report, why string) {
	in, out, f := r.Heads[id], s.outside.o.Content[id], r.Found[id]
	h := head{Kind: content, Commits: max(in.Commits, out.Commits), Count: f.Count, Digest: f.Digest}
	differs := s.judgeHead(id, r)
	if s.opening.Why != "" && out.Count == 0 && why == "" {
		differs = "" // it held nothing
	}
	lost := ""
	if out.Commits > in.Commits && (out.Count != f.Count || out.Digest != f.Digest) {
		lost = fmt.Sprintf("%d keys where there were %d", f.Count, out.Count)
	}
	h.Doubt = doubts(in.Doubt, out.Doubt, why, differs, lost)
	if h != in {
		j.heads[id] = h
	}
}

// accept commits a judgement. Where it is content that changes, the copy outside changes with it, and not before.
func (s *Store) accept(ctx context.Context, j judgement, p progress, fresh bool) error {
	err := s.Update(ctx, func(tx *Tx) error {
		for id, h := range j.heads {
			tx.own().heads[id] = h
		}
		if fresh {
			tx.own().set(progressKey, p.seal())
		}
		return nil
	})
	for _, k := range j.drop {
		if err == nil {
			err = s.drop(ctx, k)
			s.opening.Dropped = append(s.opening.Dropped, fmt.Sprintf("%s %s", k.kind, k.name))
		}
	}
	return err
}
