package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

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
		return BadInput(fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath()))
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
