// Package cli is how the project's programs meet the shell: one list of exit statuses, errors as one line on stderr
// after the program's name, and nothing that a slip of the pen turns into a success.
//
// A command is one file of its program: an options struct, a constructor and runX. The constructor declares flags, and
// leaves checks of count, presence and exclusion to cobra. An error before RunE begins is the user's; one that RunE
// returns exits by StatusOf. Every help text ends with EXIT STATUS by itself.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Execute runs the command of root that args name and returns the status to leave with. SIGINT and SIGTERM end it soon,
// whatever it is at.
func Execute(root *cobra.Command, args []string, stdout, stderr io.Writer) Status {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills, where the first is not heeded
	err := unlessInterrupted(ctx, func() error { return dispatch(ctx, root, args, stdout, stderr) })
	return report(stderr, root, err)
}

// Serve is Execute for a program that minds signals itself.
func Serve(root *cobra.Command, args []string, stdout, stderr io.Writer) Status {
	return report(stderr, root, guarded(func() error {
		return dispatch(context.Background(), root, args, stdout, stderr)
	}))
}

// report tells of an error in one line, and of a fault of the program its stack too.
func report(stderr io.Writer, root *cobra.Command, err error) Status {
	exit := StatusOf(err)
	switch exit {
	case StatusDone:
	case StatusInterrupted:
		complain(stderr, root, errors.New("interrupted"))
	default:
		complain(stderr, root, err)
	}
	var bug *Fault
	if errors.As(err, &bug) {
		fmt.Fprintf(stderr, "%s", bug.stack)
	}
	return exit
}

// unlessInterrupted runs the command, and stops waiting for it a while after ctx ends: it may hang on a pipe, or be
// hashing something large.
func unlessInterrupted(ctx context.Context, command func() error) error {
	done := make(chan error, 1)
	go func() { done <- guarded(command) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(time.Second):
		return ctx.Err()
	}
}

// complain prints err as one line.
func complain(stderr io.Writer, root *cobra.Command, err error) {
	fmt.Fprintf(stderr, "%s: %s\n", root.Name(), Visible(err.Error()))
}
