package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"stellad/daemon"
	"stellad/daemon/config"
	"stellad/internal/cli"
)

type checkOptions struct {
	config string
	dev    string
}

func newCheckCmd() *cobra.Command {
	var opts checkOptions
	cmd := &cobra.Command{
		Use:   "check {--config FILE | --dev DIR}",
		Short: "Read everything that the state folder holds, and say what does not hold",
		Long: `Read everything that the state folder of a stopped daemon holds: genesis, the audit key, every
record, annotation and checkpoint of the audit log, the views, which are compared with what the
log says, and all content. Each fault is a line on standard output.

Nothing is changed but what a start would do at the end of the audit log after a crash: what was
written and never acknowledged is settled. A line says so.`,
		Example: "  systemctl stop stellad && stellad check --config /etc/stella/stellad.toml\n  stellad check --dev /tmp/stella",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCheck(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.config, "config", "", "the daemon's configuration `file`")
	flags.StringVar(&opts.dev, "dev", "", "the `folder` of a daemon for trying things out")
	cmd.MarkFlagsMutuallyExclusive("config", "dev")
	cmd.MarkFlagsOneRequired("config", "dev")
	return cmd
}

func runCheck(cmd *cobra.Command, opts checkOptions) error {
	c, err := opts.read()
	if err != nil {
		return cli.BadInput(err)
	}
	faults := 0
	checked, err := daemon.CheckState(cmd.Context(), c, func(f daemon.Finding) {
		word := "mended"
		if f.Fault {
			faults++
			word = "FAULT"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s\n", word, cli.Visible(f.Path), cli.Visible(f.What))
	})
	switch {
	case err != nil:
		return err
	case faults > 0:
		return cli.Refused(fmt.Errorf("%s does not hold: %d faults", c.State, faults))
	}
	fmt.Fprintln(cmd.OutOrStdout(), daemon.Good(checked))
	return nil
}

func (o *checkOptions) read() (config.Config, error) {
	if o.config != "" {
		return config.Read(o.config)
	}
	dir, err := filepath.Abs(o.dev)
	return config.Dev(dir), err
}
