package audit

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// mutation changes an export in one way. It reports false where the dice gave it
// nothing to change.
type mutation struct {
	name  string
	apply func(r *rand.Rand, dir fstest.MapFS) bool
}

// texts are the files that nothing in the log vouches for: a change of them is
// reported, not refused.
var texts = []string{fileGuide, fileVerifier}

// proved gives the names of all files but texts, sorted.
func proved(dir fstest.MapFS) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(dir)), func(name string) bool { return slices.Contains(texts, name) })
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// edit replaces a file's content and reports whether that changed it.
func edit(dir fstest.MapFS, name string, content []byte) bool {
	changed := !bytes.Equal(dir[name].Data, content)
	dir[name] = &fstest.MapFile{Data: content, Mode: 0o444}
	return changed
}

// lineFiles are the files in which a line means something.
func lineFiles(dir fstest.MapFS) []string {
	return slices.DeleteFunc(proved(dir), func(name string) bool { return strings.HasPrefix(name, dirTiles) })
}

// onLines changes the lines of one file, LFs included.
func onLines(change func(r *rand.Rand, lines [][]byte) [][]byte) func(*rand.Rand, fstest.MapFS) bool {
	return func(r *rand.Rand, dir fstest.MapFS) bool {
		name := pick(r, lineFiles(dir))
		lines := slices.Collect(bytes.Lines(dir[name].Data))
		return len(lines) > 0 && edit(dir, name, bytes.Join(change(r, lines), nil))
	}
}

func onFile(change func(r *rand.Rand, content []byte) []byte) func(*rand.Rand, fstest.MapFS) bool {
	return func(r *rand.Rand, dir fstest.MapFS) bool {
		name := pick(r, proved(dir))
		return len(dir[name].Data) > 0 && edit(dir, name, change(r, bytes.Clone(dir[name].Data)))
	}
}

// swap exchanges two files of a folder, or of all.
func swap(prefix string) func(*rand.Rand, fstest.MapFS) bool {
	return func(r *rand.Rand, dir fstest.MapFS) bool {
		names := slices.DeleteFunc(proved(dir), func(name string) bool { return !strings.HasPrefix(name, prefix) })
		a, b := pick(r, names), pick(r, names)
		was := dir[a].Data
		return edit(dir, a, dir[b].Data) && edit(dir, b, was)
	}
}

var mutations = []mutation{
	{"flip a bit", onFile(func(r *rand.Rand, b []byte) []byte { b[r.IntN(len(b))] ^= 1 << r.IntN(8); return b })},
	{"change a byte", onFile(func(r *rand.Rand, b []byte) []byte { b[r.IntN(len(b))] = byte(r.IntN(256)); return b })},
	{"insert a byte", onFile(func(r *rand.Rand, b []byte) []byte {
		return slices.Insert(b, r.IntN(len(b)+1), pick(r, []byte(" \n\r0\x00,a\"")))
	})},
	{"delete a byte", onFile(func(r *rand.Rand, b []byte) []byte { i := r.IntN(len(b)); return slices.Delete(b, i, i+1) })},
	{"truncate", onFile(func(r *rand.Rand, b []byte) []byte { return b[:r.IntN(len(b))] })},
	{"double a file's content", onFile(func(_ *rand.Rand, b []byte) []byte { return append(b, b...) })},
	{"append", onFile(func(r *rand.Rand, b []byte) []byte { return append(b, pick(r, []byte("\n \x00x"))) })},
	{"delete a line", onLines(func(r *rand.Rand, l [][]byte) [][]byte { i := r.IntN(len(l)); return slices.Delete(l, i, i+1) })},
	{"duplicate a line", onLines(func(r *rand.Rand, l [][]byte) [][]byte { i := r.IntN(len(l)); return slices.Insert(l, i, l[i]) })},
	{"reorder lines", onLines(func(r *rand.Rand, l [][]byte) [][]byte {
		i, j := r.IntN(len(l)), r.IntN(len(l))
		l[i], l[j] = l[j], l[i]
		return l
	})},
	{"insert a line", onLines(func(r *rand.Rand, l [][]byte) [][]byte {
		return slices.Insert(l, r.IntN(len(l)+1), []byte("{\"seq\":1}\n"))
	})},
	{"end lines with CR LF", onLines(func(r *rand.Rand, l [][]byte) [][]byte {
		i := r.IntN(len(l))
		l[i] = append(bytes.TrimSuffix(l[i], []byte("\n")), "\r\n"...)
		return l
	})},
	{"cut the last lines", onLines(func(r *rand.Rand, l [][]byte) [][]byte { return l[:r.IntN(len(l))] })},
	{"edit a digit of a record", func(r *rand.Rand, dir fstest.MapFS) bool {
		name := recordsFile(0)
		b := bytes.Clone(dir[name].Data)
		for range 64 {
			if i := r.IntN(len(b)); b[i] >= '0' && b[i] <= '9' {
				b[i] = byte('0' + r.IntN(10))
				return edit(dir, name, b)
			}
		}
		return false
	}},
	{"drop a file", func(r *rand.Rand, dir fstest.MapFS) bool {
		// An older checkpoint that is gone can't be missed: TestDroppedCheckpoint.
		latest := checkpointFile(uint64(bytes.Count(dir[recordsFile(0)].Data, []byte("\n"))))
		names := slices.DeleteFunc(proved(dir), func(name string) bool {
			return strings.HasPrefix(name, dirCheckpoints) && name != latest
		})
		delete(dir, pick(r, names))
		return true
	}},
	{"empty a file", func(r *rand.Rand, dir fstest.MapFS) bool { return edit(dir, pick(r, proved(dir)), nil) }},
	{"add a file", func(r *rand.Rand, dir fstest.MapFS) bool {
		name := pick(r, []string{
			"notes.txt", "records/000001.jsonl", "records/0.jsonl", "tile/0/001.p/3", "tile/0/777", "tile/entries/000.p/9",
			"tile/2/000.p/1", "checkpoints/0", "checkpoints/007", "checkpoints/x", "tile/x", ".hidden", "since.proof", "a/b/c",
		})
		dir[fmt.Sprintf("%s%s", name, strings.Repeat("~", r.IntN(2)))] = &fstest.MapFile{Data: dir[pick(r, proved(dir))].Data, Mode: 0o444}
		return true
	}},
	{"rename a file", func(r *rand.Rand, dir fstest.MapFS) bool {
		name := pick(r, proved(dir))
		if strings.HasPrefix(name, dirCheckpoints) {
			return false
		}
		dir[name+pick(r, []string{"0", ".p/8", "~"})] = dir[name]
		delete(dir, name)
		return true
	}},
	{"swap checkpoints", swap(dirCheckpoints)},
	{"swap tiles", swap(dirTiles)},
	{"swap files", swap("")},
	{"swap annotations", func(r *rand.Rand, dir fstest.MapFS) bool {
		lines := slices.Collect(bytes.Lines(dir[fileAnnotations].Data))
		i, j := r.IntN(len(lines)), r.IntN(len(lines))
		iseq, irest, _ := bytes.Cut(lines[i], []byte(","))
		jseq, jrest, _ := bytes.Cut(lines[j], []byte(","))
		lines[i], lines[j] = fmt.Appendf(nil, "%s,%s", iseq, jrest), fmt.Appendf(nil, "%s,%s", jseq, irest)
		return edit(dir, fileAnnotations, bytes.Join(lines, nil))
	}},
	{"move an annotation", func(r *rand.Rand, dir fstest.MapFS) bool {
		lines := slices.Collect(bytes.Lines(dir[fileAnnotations].Data))
		i := r.IntN(len(lines))
		_, rest, _ := bytes.Cut(lines[i], []byte(","))
		lines[i] = fmt.Appendf(nil, `{"seq":%d,%s`, r.IntN(300), rest)
		return edit(dir, fileAnnotations, bytes.Join(lines, nil))
	}},
}

// mutants gives n exports, each changed in one way from another: 149 in 150 from one
// of a bundle that is not full, which is quick to verify, the others from one of two.
func mutants(t *testing.T, n int, seed uint64) iter.Seq2[string, fstest.MapFS] {
	t.Helper()
	return func(yield func(string, fstest.MapFS) bool) {
		r := rand.New(rand.NewPCG(seed, 0))
		small, large := exported(t, newLogOf(t, 20, 5), nil), exported(t, newLog(t, 300), nil)
		for i := 0; i < n; {
			m, dir := mutations[i%len(mutations)], maps.Clone(small)
			if *long || i%150 == 149 {
				dir = maps.Clone(large)
			}
			if !m.apply(r, dir) {
				continue
			}
			if i++; !yield(fmt.Sprintf("%d: %s", i, m.name), dir) {
				return
			}
		}
	}
}
