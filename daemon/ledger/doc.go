// Package ledger is the daemon's hand on the audit log: it begins the log at genesis, writes what happens into it before
// anybody is told, and reads back at a start what is in force.
//
// What is written singly: every act that changes state or uses a key, and every denial up to a cap a user and minute.
// What is counted, and written once a minute: verdicts, and denials above the cap. The fast path never waits for a disk.
package ledger

import "errors"

// ErrGenesis is wrapped where the log is not the one of this appliance, or can't be begun.
var ErrGenesis = errors.New("the audit log is not this appliance's")
