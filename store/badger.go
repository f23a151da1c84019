package store

import (
	"fmt"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Caps. Together they keep the largest batch, full to its cap and one transaction more, below what Badger takes in one
// commit: 15 % of a memtable in bytes, and a ninety-sixth of that in keys.
const (
	MaxKey   = 1 << 10   // bytes of a key
	MaxValue = 512 << 10 // bytes of a value: below Badger's threshold of 1 MiB, where the value log would begin

	memTable   = 32 << 20
	maxOps     = 512     // transactions in a batch
	maxTxBytes = 3 << 19 // of keys and values in one transaction
	maxTxKeys  = 16 << 10
)

// settings are Badger's, each with its reason.
func settings(dir string, log badger.Logger) badger.Options {
	o := badger.DefaultOptions(dir)
	o.Logger = log
	// The committer syncs by itself where content was written: a view may lose its end, which is folded again.
	o.SyncWrites = false
	// Only the committer writes, one batch after another.
	o.DetectConflicts = false
	// No value reaches the value log: its flips are silent, and it would need collecting.
	o.ValueThreshold = 1 << 20
	// So its file is as small as can be.
	o.ValueLogFileSize = 1 << 20
	// Half of the default: what a flush and a compaction may take from the disk stays far below the floor.
	o.MemTableSize = memTable
	o.NumMemtables = 2
	// Tables are mapped and the kernel caches them: a cache of blocks would hold them twice.
	o.Compression = options.None
	o.BlockCacheSize = 0
	// Not at the opening, where a table that fails is left out with a line in the log; the check reads all tables.
	o.ChecksumVerificationMode = options.OnBlockRead
	// A key has one version that counts.
	o.NumVersionsToKeep = 1
	// Nobody reads them.
	o.MetricsEnabled = false
	// Fewest allowed that compact at all: two processors are shared with everything else.
	o.NumCompactors = 2
	return o
}

// A complaints keeps what Badger says goes wrong: of a table that it leaves out, a line is all there is.
type complaints struct {
	mu    sync.Mutex
	lines []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lines) < 8 {
		c.lines = append(c.lines, fmt.Sprintf(format, args...))
	}
}

// Warningf drops the line, as do Infof and Debugf.
func (*complaints) Warningf(string, ...any) {}

// Infof is Warningf.
func (*complaints) Infof(string, ...any) {}

// Debugf is Warningf.
func (*complaints) Debugf(string, ...any) {}

// first returns the first line, or "".
func (c *complaints) first() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lines) == 0 {
		return ""
	}
	return c.lines[0]
}
