package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A status is what a command tells the shell.
type status int

const (
	statusDone        status = 0
	statusFailed      status = 1
	statusBadInput    status = 2
	statusRefused     status = 3
	statusForbidden   status = 4
	statusQuorum      status = 5
	statusUnreachable status = 6
	statusNoHSM       status = 7
	statusInterrupted status = 130
)

// statuses is the one list of what a status means; every help text ends with it.
var statuses = []struct {
	status
	means string
}{
	{statusDone, "done, verified, passed"},
	{statusFailed, "failed inside"},
	{statusBadInput, "usage or bad input"},
	{statusRefused, "a negative verdict: not verified, blocked, diverged, discontinuous"},
	{statusForbidden, "not permitted"},
	{statusQuorum, "waiting for a quorum"},
	{statusUnreachable, "daemon unreachable"},
	{statusNoHSM, "HSM unavailable"},
	{statusInterrupted, "interrupted"},
}

// An exitError is an error that knows the status to leave with.
type exitError struct {
	status status
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// badInput marks err as the fault of what the user gave: an argument, or a file that is not what it should be.
func badInput(err error) error { return &exitError{statusBadInput, err} }

// refused marks err as a negative verdict: the input could be read, and it does not hold.
func refused(err error) error { return &exitError{statusRefused, err} }

// statusOf returns the status that err, which a command returned, leaves with. An error that nobody marked is a
// failure inside: never a verdict.
func statusOf(err error) status {
	var marked *exitError
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, context.Canceled):
		return statusInterrupted
	case errors.As(err, &marked):
		return marked.status
	}
	return statusFailed
}

// exitStatusHelp returns the section of a help text that lists the statuses.
func exitStatusHelp() string {
	var b strings.Builder
	b.WriteString("\nEXIT STATUS\n")
	for _, s := range statuses {
		fmt.Fprintf(&b, "  %3d  %s\n", s.status, s.means)
	}
	return b.String()
}
