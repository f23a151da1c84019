package journal

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestFlips flips single bits: in every byte of every header, of head, and of each
// checkpoint, and in others by chance. None is silent.
func TestFlips(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	luck := rand.New(rand.NewPCG(1, 2))
	n := 400
	if long, err := strconv.Atoi(os.Getenv("JOURNAL_FLIPS")); err == nil {
		n = long
	}
	var names []string
	counts := map[string]int{}
	flip := func(name string, at int) {
		restore(t, dir, s.files)
		content := bytes.Clone(s.files[name])
		content[at] ^= 1 << luck.IntN(8)
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		changed := maps.Clone(s.files)
		changed[name] = content
		how, why := s.verdict(t, dir)
		untouched(t, dir, fmt.Sprintf("%s, byte %d", name, at), how, changed)
		if how == "" {
			t.Errorf("%s, byte %d (%q to %q): %s", name, at, s.files[name][at], content[at], why)
		}
		counts[how]++
	}
	for name, content := range s.files {
		if meaningless(name) {
			continue
		}
		names = append(names, name)
		end := 0
		switch {
		case name == "segments/spare": // some of its zeros, by chance
		case name == "head", strings.HasPrefix(name, "segments/"):
			fr, ok := parseFrame(content)
			if !ok {
				t.Fatalf("%s does not begin with a frame", name)
			}
			end = fr.size
		case strings.HasPrefix(name, "checkpoints/"):
			end = len(content)
		}
		for at := range end {
			flip(name, at)
		}
		for at := range end * strings.Count(name, "head") { // the second slot
			flip(name, slotSize+at)
		}
	}
	for range n {
		name := names[luck.IntN(len(names))]
		if len(s.files[name]) > 0 {
			flip(name, luck.IntN(len(s.files[name])))
		}
	}
	t.Logf("%v", counts)
}
