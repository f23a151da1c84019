package siglog_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"stellad/attest/siglog"
	"stellad/tlog"
)

// store keeps tiles as a caller does: one for each level and index.
type store map[string][]byte

func at(t tlog.Tile) string { return fmt.Sprint(t.Level, "/", t.Index) }

func (s store) read(t tlog.Tile) ([]byte, error) {
	content, ok := s[at(t)]
	if !ok {
		return nil, fmt.Errorf("no %s", t.Path())
	}
	return content[:min(len(content), t.Width*32)], nil
}

func (s store) take(g *siglog.Growth) {
	for _, c := range g.Changed {
		s[at(c.Tile)] = c.Bytes
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func logKey(t testing.TB) *tlog.NoteSigner {
	t.Helper()
	s, err := tlog.NewNoteSigner("log.example", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)))
	must(t, err)
	return s
}

func entriesOf(from, n int) [][]byte {
	var all [][]byte
	for i := range n {
		all = append(all, fmt.Appendf(nil, `{"entry":%d}`, from+i))
	}
	return all
}

// grown is a log of n entries, taken in batches.
func grown(t testing.TB, batches ...int) (store, siglog.State) {
	t.Helper()
	s, state := store{}, siglog.State{Root: tlog.EmptyRoot()}
	for _, n := range batches {
		g, err := siglog.Append(state, s.read, entriesOf(int(state.Size), n)...)
		must(t, err)
		s.take(g)
		state = g.State
	}
	return s, state
}

// Whatever the batches, the tree is the one over all leaves, the tiles are those
// of the specification, and each entry is proved.
func TestAppend(t *testing.T) {
	key := logKey(t)
	for _, batches := range [][]int{{1}, {1, 1, 1}, {255, 1}, {256}, {257}, {100, 156, 3}, {700, 1}, {256 * 256, 2}} {
		s, state := grown(t, batches...)
		var tree tlog.Range
		for _, e := range entriesOf(0, int(state.Size)) {
			tree.Append(tlog.LeafHash(e))
		}
		if state.Root != tree.Root() {
			t.Fatalf("%v: root %s, want %s", batches, state.Root, tree.Root())
		}
		holds(t, s, state)
		checkpoint, err := key.SignCheckpoint(tlog.Checkpoint{Origin: "log.example", Size: state.Size, Root: state.Root})
		must(t, err)
		for _, i := range []uint64{0, state.Size / 2, state.Size - 1} {
			p, err := siglog.Prove(i, checkpoint, key.VerifierKey(), s.read)
			must(t, err)
			if _, err := p.Verify(tlog.LeafHash(entriesOf(int(i), 1)[0]), "log.example", []*tlog.VerifierKey{key.VerifierKey()}, tlog.Quorum{}); err != nil {
				t.Errorf("%v: entry %d: %v", batches, i, err)
			}
		}
	}
}

// holds checks that each tile of the tree, and no other, is stored in full.
func holds(t *testing.T, s store, state siglog.State) {
	t.Helper()
	n := 0
	for tile := range tlog.Tiles(state.Size) {
		n++
		if _, err := tlog.ParseHashes(s[at(tile)], tile.Width); err != nil {
			t.Errorf("%s: %v", tile.Path(), err)
		}
	}
	if n != len(s) {
		t.Errorf("%d tiles are stored, %d belong there", len(s), n)
	}
}

// The same entries in any batches make the same tiles, and each state is consistent
// with those before it.
func TestBatches(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		batches := rapid.SliceOfN(rapid.IntRange(1, 300), 1, 6).Draw(rt, "batches")
		s, state := store{}, siglog.State{Root: tlog.EmptyRoot()}
		states := []siglog.State{state}
		for _, n := range batches {
			g, err := siglog.Append(state, s.read, entriesOf(int(state.Size), n)...)
			must(t, err)
			if g.First != state.Size {
				rt.Fatalf("first is %d, not %d", g.First, state.Size)
			}
			s.take(g)
			state = g.State
			states = append(states, state)
		}
		whole, all := grown(t, int(state.Size))
		if all != state || len(whole) != len(s) {
			rt.Fatalf("%+v in batches, %+v at once", state, all)
		}
		for place, content := range whole {
			if !bytes.Equal(s[place], content) {
				rt.Fatalf("%s differs", place)
			}
		}
		for _, was := range states {
			must(t, siglog.Consistent(was, state, s.read))
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	s, state := grown(t, 300)
	errRead := errors.New("disk")
	other := state
	other.Root[0] ^= 1
	flipped := store{}
	for k, v := range s {
		flipped[k] = slices.Clone(v)
	}
	flipped["0/1"][5] ^= 1
	short := store{"0/0": s["0/0"], "0/1": s["0/1"][:20], "1/0": s["1/0"]}
	for name, c := range map[string]struct {
		was   siglog.State
		read  siglog.Reader
		entry []byte
		want  error
	}{
		"a root of another tree":     {other, s.read, []byte("x"), siglog.ErrTree},
		"a flipped hash":             {state, flipped.read, []byte("x"), siglog.ErrTree},
		"an empty store":             {siglog.State{Size: 0}, s.read, []byte("x"), siglog.ErrTree},
		"a size that isn't there":    {siglog.State{Size: 301, Root: state.Root}, s.read, []byte("x"), tlog.ErrTile},
		"a size before":              {siglog.State{Size: 299, Root: state.Root}, s.read, []byte("x"), siglog.ErrTree},
		"a tile that is cut short":   {state, short.read, []byte("x"), tlog.ErrTile},
		"an empty entry":             {state, s.read, nil, tlog.ErrTile},
		"an entry too long":          {state, s.read, make([]byte, 1<<16), tlog.ErrTile},
		"a store that can't be read": {state, func(tlog.Tile) ([]byte, error) { return nil, errRead }, []byte("x"), errRead},
	} {
		if g, err := siglog.Append(c.was, c.read, c.entry); !errors.Is(err, c.want) || g != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestProveRefuses(t *testing.T) {
	key := logKey(t)
	s, state := grown(t, 300)
	good := tlog.Checkpoint{Origin: "log.example", Size: state.Size, Root: state.Root}
	sign := func(c tlog.Checkpoint) []byte {
		msg, err := key.SignCheckpoint(c)
		must(t, err)
		return msg
	}
	stranger, err := tlog.NewNoteSigner("log.example", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32)))
	must(t, err)
	forged, err := stranger.SignCheckpoint(good)
	must(t, err)
	damaged := store{}
	for k, v := range s {
		damaged[k] = slices.Clone(v)
	}
	damaged["0/0"][7*32] ^= 1
	wrong := good
	wrong.Root[3] ^= 1
	for name, c := range map[string]struct {
		index      uint64
		checkpoint []byte
		read       siglog.Reader
		want       error
	}{
		"an index past the end":       {300, sign(good), s.read, tlog.ErrProof},
		"another root":                {7, sign(wrong), s.read, tlog.ErrProof},
		"a flipped hash beside it":    {6, sign(good), damaged.read, tlog.ErrProof},
		"a flipped leaf":              {7, sign(good), damaged.read, tlog.ErrProof},
		"another log's checkpoint":    {7, sign(tlog.Checkpoint{Origin: "other", Size: state.Size, Root: state.Root}), s.read, tlog.ErrOrigin},
		"another key's checkpoint":    {7, forged, s.read, tlog.ErrSignature},
		"no checkpoint":               {7, nil, s.read, tlog.ErrNote},
		"a tree wider than its tiles": {7, sign(tlog.Checkpoint{Origin: "log.example", Size: 400, Root: state.Root}), s.read, tlog.ErrTile},
	} {
		if p, err := siglog.Prove(c.index, c.checkpoint, key.VerifierKey(), c.read); !errors.Is(err, c.want) || p != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestConsistentRefuses(t *testing.T) {
	s, state := grown(t, 300)
	_, was := grown(t, 100)
	must(t, siglog.Consistent(was, state, s.read))
	was.Root[0] ^= 1
	for name, c := range map[string][2]siglog.State{"another past": {was, state}, "a tree that shrank": {state, was}} {
		if err := siglog.Consistent(c[0], c[1], s.read); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"stella.example.org", "stella", "a-1.b2", "1.2.3.4"} {
		must(t, siglog.CheckName(name))
	}
	for _, name := range []string{
		"", "Stella", "stella.example.org:443", "https://stella", "stella/log", "stella - 42", "stella example", "stella+x", "-a", "a-", "a..b", ".a", "a.",
		"ä.example", "[::1]", "a_b", "stella\n", string(bytes.Repeat([]byte("a."), 127)) + "a",
	} {
		if err := siglog.CheckName(name); !errors.Is(err, siglog.ErrName) {
			t.Errorf("%q is taken", name)
		}
	}
}
