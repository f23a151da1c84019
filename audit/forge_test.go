package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"stellad/tlog"
)

// lay writes an export as docs/formats/audit.md §6 has it, by another way than
// Export, and checks nothing: what an insider with the audit key could sign. Rows are
// written for what can be read.
func lay(t testing.TB, m *memory) fstest.MapFS {
	t.Helper()
	dir := fstest.MapFS{}
	put := func(name string, content []byte) { dir[name] = &fstest.MapFile{Data: content, Mode: 0o444} }
	latest := m.key.sign(t, uint64(len(m.lines)), m.root(len(m.lines)))
	for n := 100; n < len(m.lines); n += 100 {
		put(fmt.Sprintf("checkpoints/%d", n), m.key.sign(t, uint64(n), m.root(n)))
	}
	put(fmt.Sprintf("checkpoints/%d", len(m.lines)), latest)
	put("checkpoint", latest)
	put("log.vkey", []byte(m.key.VerifierKey.String()+"\n"))
	put("VERIFY.md", guide)
	put("verify_audit.py", verifier)
	put("records/000000.jsonl", append(bytes.Join(m.lines, []byte("\n")), '\n'))

	noted := map[int]*Annotation{}
	var notes, table bytes.Buffer
	for _, a := range m.annotations {
		noted[int(a.Seq)] = &a
		line, err := a.Line()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&notes, "%s\n", line)
	}
	table.WriteString("seq,time,type,uid,gid,socket,method,target,outcome,request,annotation,body\n")
	for i, line := range m.lines {
		if r, err := ParseLine(line); err == nil {
			table.Write(appendRow(nil, r, noted[i]))
		}
	}
	put("annotations.jsonl", notes.Bytes())
	put("table.csv", table.Bytes())
	size := uint64(len(m.lines))
	for tile := range tlog.EntryBundles(size) {
		first := tile.Index * 256
		bundle, err := tlog.MarshalEntries(m.lines[first:][:tile.Width])
		if err != nil {
			t.Fatal(err)
		}
		put(tile.Path(), bundle)
	}
	for tile := range tlog.Tiles(size) {
		var hashes []byte
		for i := range uint64(tile.Width) {
			var node tlog.Range
			span := uint64(1) << (8 * tile.Level)
			for _, line := range m.lines[(tile.Index*256+i)*span:][:span] {
				node.Append(tlog.LeafHash(line))
			}
			root := node.Root()
			hashes = append(hashes, root[:]...)
		}
		put(tile.Path(), hashes)
	}
	return dir
}

// TestExportIsAsTheFormatSays compares Export with the other way to write one.
func TestExportIsAsTheFormatSays(t *testing.T) {
	for _, size := range []int{1, 2, 255, 256, 257, 512, 700} {
		m := newLog(t, size)
		got, want := exported(t, m, nil), lay(t, m)
		for name, file := range want {
			if got[name] == nil || !bytes.Equal(got[name].Data, file.Data) {
				t.Errorf("%d records: %s differs", size, name)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d records: %d files, not %d", size, len(got), len(want))
		}
	}
}

// rewrite changes a record, and the line where edit is set, of a log.
func rewrite(seq int, change func(r *Record)) func(*testing.T, *memory) {
	return func(t *testing.T, m *memory) {
		r, err := ParseLine(m.lines[seq])
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		m.lines[seq] = r.append(nil)
	}
}

// replace changes the bytes of a line.
func replace(seq int, old, new string) func(*testing.T, *memory) {
	return func(t *testing.T, m *memory) {
		line := string(m.lines[seq])
		if !strings.Contains(line, old) {
			t.Fatalf("%s has no %s", line, old)
		}
		m.lines[seq] = []byte(strings.Replace(line, old, new, 1))
	}
}

func bodyOf(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := MarshalBody(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// other is a record in the log of newLog of which the type is no matter: a call.
const other = 31

// forgeries are logs that the audit key signed and that are wrong all the same.
var forgeries = []struct {
	name string
	say  string // what the reason must name
	do   func(*testing.T, *memory)
}{
	{"a seq is left out", "record 31: out of order: its seq is 32", rewrite(other, func(r *Record) { r.Seq++ })},
	{"a record twice", "record 32: out of order", func(_ *testing.T, m *memory) { m.lines[other+1] = m.lines[other] }},
	{"records change places", "record 31: out of order", func(_ *testing.T, m *memory) {
		m.lines[other], m.lines[other+1] = m.lines[other+1], m.lines[other]
	}},
	{"no genesis", "genesis record stands first", replace(0, "genesis", "founding")},
	{"a second genesis", "genesis record stands first", func(t *testing.T, m *memory) {
		r := m.record("genesis", &Genesis{Name: "stella.example", Origin: origin, Key: m.key.VerifierKey.String()})
		m.add(t, r)
	}},
	{"another log's genesis", "the genesis record is of", func(t *testing.T, m *memory) {
		rewrite(0, func(r *Record) {
			key := newSigner(t, "other.example/audit", 1)
			r.Body = bodyOf(t, &Genesis{Name: "stella.example", Origin: key.VerifierKey.Name(), Key: key.VerifierKey.String()})
		})(t, m)
	}},
	{"another key's genesis", "the genesis record is of", func(t *testing.T, m *memory) {
		rewrite(0, func(r *Record) {
			r.Body = bodyOf(t, &Genesis{Name: "stella.example", Origin: origin, Key: newSigner(t, origin, 2).VerifierKey.String()})
		})(t, m)
	}},
	{"the boot-time clock goes back", "boot-time clock went back", rewrite(other, func(r *Record) { r.Up = 1 })},
	{"the time goes back", "the time went back", rewrite(other, func(r *Record) { r.Time = r.Time.Add(-90*time.Second - ClockTolerance - time.Microsecond) })},
	{"the time creeps back", "the time went back", func(t *testing.T, m *memory) {
		for i := range 3 {
			rewrite(other+i, func(r *Record) {
				r.Time = begin.Add((other - 1) * 90 * time.Second).Add(-time.Duration(i+1) * 4 * time.Second)
			})(t, m)
		}
	}},
	{"a time record for another time", "away from the time that it accepts", rewrite(6, func(r *Record) { r.Time = r.Time.Add(ClockTolerance + time.Second) })},
	{"a year that is none", "record 31: not an audit record: time", replace(other, `"time":"2026`, `"time":"1969`)},
	{"a day that is none", "record 31: not an audit record: time", replace(other, `"time":"2026-03-01`, `"time":"2026-02-30`)},
	{"a time with a comma", "record 31: not an audit record", replace(other, `.000125Z`, `,000125Z`)},
	{"milliseconds", "record 31: not an audit record", replace(other, `.000125Z`, `.000Z`)},
	{"an offset", "record 31: not an audit record", replace(other, `.000125Z`, `.000125+00:00`)},
	{"a blank", "not in its canonical form", replace(other, `,"seq":`, `, "seq":`)},
	{"a blank at the end", "not in its canonical form", func(_ *testing.T, m *memory) { m.lines[other] = append(m.lines[other], ' ') }},
	{"two members change places", "not in its canonical form", replace(other, `"v":1,"seq":31`, `"seq":31,"v":1`)},
	{"a member twice", "not an audit record: byte", replace(other, `"v":1,`, `"v":1,"v":1,`)},
	{"a member more", "not in its canonical form", replace(other, `"v":1,`, `"v":1,"w":1,`)},
	{"a member of zero", "not in its canonical form", replace(other, `"socket":"admin",`, `"socket":"",`)},
	{"a member of null", "not in its canonical form", replace(other, `"socket":"admin",`, `"socket":null,`)},
	{"a name in capitals", "not in its canonical form", replace(other, `"socket":"admin"`, `"Socket":"admin"`)},
	{"an escape", "not in its canonical form", replace(other, `"socket":"admin"`, `"socket":"\u0061dmin"`)},
	{"a number with a fraction", "not an audit record", replace(other, `"v":1,`, `"v":1.0,`)},
	{"version 0", "v 0", replace(other, `"v":1,`, `"v":0,`)},
	{"another socket", "socket", replace(other, `"socket":"admin"`, `"socket":"debug"`)},
	{"a uid beyond 32 bits", "not an audit record", replace(other, `"uid":0`, `"uid":4294967296`)},
	{"free text as a target", "target", replace(other, `"target":"sha256:`, `"target":"for Jane: `)},
	{"a boot ID in capitals", "boot", replace(other, `0b6e4a1c`, `0B6E4A1C`)},
	{"a body with a fraction", "no integer", replace(other, `"size":31`, `"size":31.5`)},
	{"a body with an exponent", "not in its canonical form", replace(other, `"size":31`, `"size":31e2`)},
	{"a body with minus zero", "not in its canonical form", replace(other, `"size":31`, `"size":-0`)},
	{"a body with 2^53", "no integer", replace(other, `"size":31`, `"size":9007199254740992`)},
	{"a body with a null", "null", replace(other, `"size":31`, `"size":null`)},
	{"a body out of order", "not in its canonical form", replace(other, `"size":31`, `"alpha":31`)},
	{"a body with a name twice", "duplicate", replace(other, `"size":31`, `"size":31,"size":31`)},
	{"a body with a strange name", "member", replace(other, `"size":31`, `"size of":31`)},
	{"a body with an escape", "not in its canonical form", replace(other, `"size":31`, `"size":"\u0061"`)},
	{"a body with half a character", "surrogate", replace(other, `"size":31`, `"size":"\ud800"`)},
	{"a body too deep", "deep", replace(other, `"size":31`, `"size":[[[[[[[[]]]]]]]]`)},
	{"an empty body", "not in its canonical form", rewrite(other, func(r *Record) { r.Body = []byte("{}") })},
	{"no UTF-8", "UTF-8", replace(other, `"size":31`, "\"size\":\"\xff\"")},
	{"a line too long", "4096", replace(other, `"size":31`, `"size":"`+strings.Repeat("x", MaxLine)+`"`)},
	{"an annotation for no note", "its hash is not the record's note \"\"", func(_ *testing.T, m *memory) {
		m.annotations = append(slices.Clone(m.annotations), Annotation{Seq: 299, Text: map[string]string{"reason": "none"}})
		slices.SortFunc(m.annotations, func(a, b Annotation) int { return int(a.Seq) - int(b.Seq) })
	}},
	{"an annotation of no record", "it has no record", func(_ *testing.T, m *memory) {
		m.annotations = append(slices.Clone(m.annotations), Annotation{Seq: 300, Text: map[string]string{"reason": "none"}})
	}},
	{"an annotation is gone", "it is missing, and no record", func(_ *testing.T, m *memory) { m.annotations = m.annotations[1:] }},
	{"an annotation is changed", "its hash is not", func(_ *testing.T, m *memory) { m.annotations[1].Text["reason"] = "another" }},
	{"an annotation's salt is changed", "its hash is not", func(_ *testing.T, m *memory) { m.annotations[1].Salt[3] ^= 1 }},
	{"an erased annotation is there", "it is there, though a record says", func(t *testing.T, m *memory) {
		m.add(t, m.record("erase", &Erase{Seqs: []uint64{m.annotations[1].Seq}}))
	}},
	{"an erasure of what has none", "which has none", func(t *testing.T, m *memory) { m.add(t, m.record("erase", &Erase{Seqs: []uint64{0}})) }},
	{"an erasure to come", "which has none", func(t *testing.T, m *memory) {
		m.add(t, m.record("erase", &Erase{Seqs: []uint64{uint64(len(m.lines))}}))
	}},
}

// TestForgeries holds that a signature by the audit key does not make a wrong log
// right, for either verifier.
func TestForgeries(t *testing.T) {
	s := newShelf(t)
	names := map[string]string{}
	key := newLog(t, 1).key
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			m := newLog(t, 300)
			f.do(t, m)
			dir := lay(t, m)
			names[s.add(t, dir)] = f.name
			_, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey})
			if !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), f.say) {
				t.Errorf("%v\ndoes not say: %s", err, f.say)
			}
		})
	}
	said, status := s.python(t, key)
	for at, verdict := range said {
		if !strings.HasPrefix(verdict, "DOES NOT HOLD") {
			t.Errorf("the second verifier on %q: %s", names[at], verdict)
		}
	}
	if status != 3 {
		t.Errorf("the second verifier: exit status %d", status)
	}
}

// lawful are logs that look odd and hold.
var lawful = []struct {
	name string
	do   func(*testing.T, *memory)
}{
	{"a little back in time", rewrite(other, func(r *Record) { r.Time = r.Time.Add(-90*time.Second - ClockTolerance) })},
	{"another boot", rewrite(299, func(r *Record) { r.Boot, r.Up = reboot, 1 })},
	{"a type that is not known", replace(other, `"type":"call","v":1`, `"type":"sealed.thing","v":7`)},
	{"a version that is not known", replace(other, `"type":"call","v":1`, `"type":"call","v":2`)},
	{"back in time as accepted", func(t *testing.T, m *memory) {
		r := m.record("time", &Time{From: Instant(begin.Add(300 * 90 * time.Second)), To: Instant(begin)})
		r.Time = begin.Add(time.Second)
		m.add(t, r)
		r = m.record("call", map[string]any{"odd": "\u2028 \x7f \b\f\t \\ \" / é 𝄞 <>&"})
		r.Time = begin.Add(2 * time.Second)
		m.add(t, r)
	}},
}

func TestLawful(t *testing.T) {
	s := newShelf(t)
	key := newLog(t, 1).key
	for _, l := range lawful {
		m := newLog(t, 300)
		l.do(t, m)
		dir := lay(t, m)
		s.add(t, dir)
		if _, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey}); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
	}
	said, status := s.python(t, key)
	if status != 0 {
		t.Errorf("the second verifier: %v", said)
	}
}
