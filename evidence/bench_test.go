package evidence

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stellad/audit"
	"stellad/store"
)

// BenchmarkIndex asks an index of a million records, of a thousand artifacts: for a page of 50, for the 50 first of an
// artifact, and for one by its prefix. One page of 50 is 50 rows read: what reading them by their names takes stands
// beside it.
func BenchmarkIndex(b *testing.B) {
	const records = 1_000_000
	x := &Index{journal: million(b, records)}
	b.Run("page", func(b *testing.B) {
		for n := uint64(0); b.Loop(); n += 99_991 {
			_, _, err := x.List(Filter{}, n%records, 50)
			must(b, err)
		}
	})
	b.Run("artifact", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			_, _, err := x.List(Filter{Artifact: artifact(n % 1000)}, 0, 50)
			must(b, err)
		}
	})
	b.Run("show", func(b *testing.B) {
		for n := 0; b.Loop(); n += 99_991 {
			_, err := x.Find(sum(fmt.Sprint(n % records))[:16])
			must(b, err)
		}
	})
	b.Run("rows", func(b *testing.B) {
		for n := 0; b.Loop(); n += 99_991 {
			for i := range 50 {
				_, err := x.Get(sum(fmt.Sprint((n + i) % records)))
				must(b, err)
			}
		}
	})
}

// reader is a journal that is only read.
type reader struct{ *store.Store }

func (reader) Write(context.Context, audit.Record, any, map[string]string) (*audit.Record, error) {
	panic("nothing is added")
}

// million folds so many records of evidence, which are in no log.
func million(b *testing.B, records uint64) Journal {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{Dir: b.TempDir(), Keyspaces: []*store.Keyspace{View}, Floor: 1, Ballast: 1})
	must(b, err)
	b.Cleanup(func() { must(b, s.Close()) })
	_, _, err = s.Catch(b.Context(), View, records, func(from uint64, apply func(uint64, []byte) error) error {
		for seq := from; seq < records; seq++ {
			if err := apply(seq, line(b, seq)); err != nil {
				return err
			}
		}
		return nil
	})
	must(b, err)
	return reader{s}
}

func line(b *testing.B, seq uint64) []byte {
	b.Helper()
	body, err := audit.MarshalBody(audit.Evidence{
		Blob: sum(fmt.Sprint(seq)), Kind: "dsse", Size: 1, Verdict: None, Subjects: []string{artifact(int(seq % 1000))},
	})
	must(b, err)
	text, err := (&audit.Record{
		Type: "evidence", V: 1, Seq: seq, Time: time.Unix(1_800_000_000, 0), Boot: "00000000-0000-0000-0000-000000000000", Body: body,
	}).Line()
	must(b, err)
	return text
}
