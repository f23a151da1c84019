package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// execute runs the command of root that args name and returns the status to leave with. An error is one line on
// stderr, after the program's name.
func execute(root *cobra.Command, args []string, stdout, stderr io.Writer) status {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills, where the first is not heeded

	err := unlessInterrupted(ctx, func() error { return dispatch(ctx, root, args, stdout, stderr) })
	exit := statusOf(err)
	switch exit {
	case statusDone:
	case statusInterrupted:
		complain(stderr, root, errors.New("interrupted"))
	default:
		complain(stderr, root, err)
	}
	var bug *fault
	if errors.As(err, &bug) {
		fmt.Fprintf(stderr, "%s", bug.stack)
	}
	return exit
}

// A fault is a panic of a command: Go would exit 2 for it, which means bad input here.
type fault struct {
	value any
	stack []byte
}

// faultOf gives the fault of a value that was recovered. One that a worker handed on keeps the worker's stack.
func faultOf(value any) *fault {
	if f, ok := value.(*fault); ok {
		return f
	}
	return &fault{value, debug.Stack()}
}

func (f *fault) Error() string {
	return fmt.Sprintf("a fault in this program, please report it: %v", f.value)
}

// unlessInterrupted runs the command, and stops waiting for it a while after ctx ends: it may hang on a pipe, or be
// hashing something large.
func unlessInterrupted(ctx context.Context, command func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if value := recover(); value != nil {
				done <- faultOf(value)
			}
		}()
		done <- command()
	}()
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

// dispatch runs the command and marks the errors that are not the command's own.
func dispatch(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) error {
	var started bool
	strict(root, &started)
	out := &stickyWriter{w: stdout}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	root.SilenceUsage, root.SilenceErrors = true, true
	showStatuses(root)

	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err != nil && started:
		return err
	case out.err != nil:
		return fmt.Errorf("standard output: %w", out.err)
	case err != nil:
		return badInput(fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath()))
	}
	return nil
}

// showStatuses ends the help of root and of every command below with EXIT STATUS.
func showStatuses(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		help(cmd, args)
		fmt.Fprint(cmd.OutOrStdout(), exitStatusHelp())
	})
}

// complain prints err as one line.
func complain(stderr io.Writer, root *cobra.Command, err error) {
	fmt.Fprintf(stderr, "%s: %s\n", root.Name(), visible(err.Error()))
}

// A stickyWriter remembers that a write failed: a command may print without looking, and a result that nobody
// received is still no success.
type stickyWriter struct {
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}
