package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Status is what a command tells the shell.
type Status int

// The statuses, of every command.
const (
	StatusDone        Status = 0
	StatusFailed      Status = 1
	StatusBadInput    Status = 2
	StatusRefused     Status = 3
	StatusForbidden   Status = 4
	StatusQuorum      Status = 5
	StatusUnreachable Status = 6
	StatusNoHSM       Status = 7
	StatusInterrupted Status = 130
)

// statuses is the one list of what a status means; every help text ends with it.
var statuses = []struct {
	Status
	means string
}{
	{StatusDone, "done, verified, passed"},
	{StatusFailed, "failed inside"},
	{StatusBadInput, "usage or bad input"},
	{StatusRefused, "a negative verdict: not verified, blocked, diverged, discontinuous"},
	{StatusForbidden, "not permitted"},
	{StatusQuorum, "waiting for a quorum"},
	{StatusUnreachable, "daemon unreachable"},
	{StatusNoHSM, "HSM unavailable"},
	{StatusInterrupted, "interrupted"},
}

// An exitError is an error that knows the status to leave with.
type exitError struct {
	status Status
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// BadInput marks err as the fault of what the user gave: an argument, or a file that is not what it should be.
func BadInput(err error) error { return &exitError{StatusBadInput, err} }

// Refused marks err as a negative verdict: the input could be read, and it does not hold.
func Refused(err error) error { return &exitError{StatusRefused, err} }

// Exit marks err as what leaves with a status.
func Exit(status Status, err error) error { return &exitError{status, err} }

// StatusOf returns the status that err, which a command returned, leaves with. An error that nobody marked is a
// failure inside: never a verdict.
func StatusOf(err error) Status {
	var marked *exitError
	switch {
	case err == nil:
		return StatusDone
	case errors.Is(err, context.Canceled):
		return StatusInterrupted
	case errors.As(err, &marked):
		return marked.status
	}
	return StatusFailed
}

// exitStatusHelp returns the section of a help text that lists the statuses.
func exitStatusHelp() string {
	var b strings.Builder
	b.WriteString("\nEXIT STATUS\n")
	for _, s := range statuses {
		fmt.Fprintf(&b, "  %3d  %s\n", s.Status, s.means)
	}
	return b.String()
}
