package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// strict has cobra refuse, in the tree from root down, what it would answer with a help text and exit 0: a group
// called without a command of its own, or with a misspelt one. It has started set as a command's RunE begins: an
// error before that is about the arguments.
func strict(root *cobra.Command, started *bool) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		help.Args = knownTopic
	}
	strictBelow(root, started)
}

func strictBelow(cmd *cobra.Command, started *bool) {
	if !cmd.Runnable() {
		cmd.Args, cmd.RunE = noSuchCommand, neverRun
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := noEmptyFlag(cmd); err != nil {
				return err
			}
			*started = true
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		strictBelow(sub, started)
	}
}

// noEmptyFlag refuses an option that was given and is empty, as a variable that is not set leaves it in a script: it
// would read as an option that was not given, and a check that was asked for would be left out.
func noEmptyFlag(cmd *cobra.Command) error {
	var empty error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if slices.Contains(values, "") {
			empty = fmt.Errorf("--%s is empty", f.Name)
		}
	})
	return empty
}

// noSuchCommand refuses args, which no command of the group answers to.
func noSuchCommand(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("a command is missing")
	}
	group.SuggestionsMinimumDistance = 2 // letters that may be wrong; cobra sets it only on its own way here
	if near := group.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("unknown command %q, perhaps %q is meant", args[0], near[0])
	}
	return fmt.Errorf("unknown command %q", args[0])
}

// neverRun stands in for a group's RunE: noSuchCommand has refused before it.
func neverRun(*cobra.Command, []string) error { return nil }

// knownTopic refuses help on a command that is not there.
func knownTopic(help *cobra.Command, args []string) error {
	if found, rest, err := help.Root().Find(args); err != nil || len(rest) > 0 {
		return noSuchCommand(found, rest)
	}
	return nil
}
