package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"stellad/access"
	"stellad/daemon"
	"stellad/daemon/config"
	"stellad/internal/cli"
)

type initOptions struct {
	config string
	name   string
	admins []string
}

func newInitCmd() *cobra.Command {
	var opts initOptions
	cmd := &cobra.Command{
		Use:   "init --name NAME",
		Short: "Give the appliance its name and its first administrators",
		Long: `Give the appliance its name and its first administrators, once, as root.

It writes the access policy, where there is none yet, and then the record of genesis. A
run that was interrupted is finished by the same command; a second run with the same name
changes nothing. Reload the daemon after it.`,
		Example: "  stellad init --name stella.example.org --admin alice --admin uid:4711\n  systemctl reload stellad",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runInit(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.config, "config", "/etc/stella/stellad.toml", "the daemon's configuration `file`")
	flags.StringVar(&opts.name, "name", "", "the appliance's `name`, a bare hostname; it is never changed")
	flags.StringArrayVar(&opts.admins, "admin", nil, "a `user` who becomes administrator beside root, or uid:N; repeatable")
	_ = cmd.MarkFlagRequired("name")
	return cmd
}

func runInit(cmd *cobra.Command, opts initOptions) error {
	c, err := config.Read(opts.config)
	if err != nil {
		return cli.BadInput(err)
	}
	made, err := daemon.Init(c, opts.name, opts.admins)
	if errors.Is(err, daemon.ErrGenesis) || errors.Is(err, access.ErrUnknownUser) {
		return cli.BadInput(err)
	}
	if err != nil {
		return err
	}
	for _, line := range made {
		fmt.Fprintln(cmd.OutOrStdout(), line)
	}
	return nil
}
