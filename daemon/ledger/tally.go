package ledger

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"stellad/audit"
)

// singly is how many denials of one user are written singly in a minute; the rest is counted. A flood of denials must
// not become a flood of the disk.
const singly = 20

// rowsOfTally is how many counts one record holds: some 100 bytes each of audit.MaxLine.
const rowsOfTally = 24

// counted is what a tally's row is about.
type counted struct {
	uid             uint32
	method, verdict string
}

// tallies counts the calls of the minute under way. It is safe for concurrent use.
type tallies struct {
	mu     sync.Mutex
	from   time.Time
	rows   map[counted]uint64 // answered, by verdict
	more   map[counted]uint64 // denied above the cap; no verdicts
	denied map[uint32]int     // denials of the minute, by user
}

func newTallies(now time.Time) *tallies {
	t := &tallies{}
	t.begin(now)
	return t
}

func (t *tallies) begin(now time.Time) {
	t.from = now.UTC().Truncate(time.Minute)
	t.rows, t.more, t.denied = map[counted]uint64{}, map[counted]uint64{}, map[uint32]int{}
}

func (t *tallies) answered(uid uint32, method, verdict string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[counted{uid, method, verdict}]++
}

// denial counts a denial and tells whether it is to be written singly.
func (t *tallies) denial(uid uint32, method string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.denied[uid]++; t.denied[uid] <= singly {
		return true
	}
	t.more[counted{uid, method, ""}]++
	return false
}

// take gives what was counted, in records' bodies, and begins another minute.
func (t *tallies) take(now time.Time) []*audit.Tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, more := ordered(t.rows), ordered(t.more)
	from := audit.Instant(t.from)
	t.begin(now)
	var all []*audit.Tally
	for some := range slices.Chunk(rows, rowsOfTally) {
		all = append(all, &audit.Tally{From: from, Rows: some})
	}
	for some := range slices.Chunk(more, rowsOfTally) {
		all = append(all, &audit.Tally{From: from, More: some})
	}
	return all
}

// giveBack counts again what could not be written.
func (t *tallies) giveBack(tally *audit.Tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.from = time.Time(tally.From) // the earlier minute: the counts are of both
	for _, c := range tally.Rows {
		t.rows[counted{c.UID, c.Method, c.Verdict}] += c.Count
	}
	for _, c := range tally.More {
		t.more[counted{c.UID, c.Method, ""}] += c.Count
	}
}

func ordered(counts map[counted]uint64) []audit.Count {
	var rows []audit.Count
	for of, n := range counts {
		rows = append(rows, audit.Count{Count: n, Method: of.method, UID: of.uid, Verdict: of.verdict})
	}
	slices.SortFunc(rows, func(a, b audit.Count) int {
		return cmp.Or(cmp.Compare(a.UID, b.UID), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Verdict, b.Verdict))
	})
	return rows
}
