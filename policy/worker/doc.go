// Package worker has policies evaluated in processes of their own, and lives on when one has to be killed.
//
//	Pool ──socketpair──▶ the same program again, sealed: engine
//
// A policy may never come back, take all memory, or crash what runs it. So who runs it has nothing to lose: no
// descriptor but the socketpair, none that it could open, no file that it could write, a memory that it may fill so
// far; and a second for a decision, after which it is killed. Whatever happens is an answer: an error, which is
// never a pass. Another process is there before anybody waits for it long.
//
// A request is one frame, its reply another: four bytes of length, big-endian, and JSON. There is one request at a
// time on a socketpair. Facts that a process has seen are named by their digest alone.
package worker

import (
	"errors"
	"time"
)

// Limits of a process.
const (
	Deadline  = time.Second      // for one decision
	Patience  = 30 * time.Second // for compiling, and for a policy's own tests
	MaxMemory = 256 << 20        // bytes in memory; one that has more ends itself
	maxFrame  = 96 << 20         // bytes
	maxFacts  = 32 << 20         // bytes of facts that a process keeps, as text
)

// Why there is no answer. ErrPolicy, ErrUndefined and ErrFailed of package engine stand beside them.
var (
	ErrDeadline = errors.New("the policy did not answer in time")
	ErrEnded    = errors.New("the policy ended its worker")
	ErrStart    = errors.New("a policy's worker can't be started")
)
