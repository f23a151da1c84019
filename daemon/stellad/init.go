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
	hsm    hsmOptions
}

func newInitCmd() *cobra.Command {
	var opts initOptions
	cmd := &cobra.Command{
		Use:   "init --name NAME",
		Short: "Give the appliance its name and its first administrators",
		Long: `Give the appliance its name and its first administrators, once, as root.

It writes the access policy, where there is none yet, and then the record of genesis. A
run that was interrupted is finished by the same command; a second run with the same name
changes nothing. Reload the daemon after it.

With an HSM, whose token is made already, it does more: it writes module and slot into
/etc/stella/stellad-hsm.toml, has systemd encrypt the PIN for this host (which it asks for,
where no file is given and none is there yet), logs in once as the service's user, starts
stellad-hsm, restarts the daemon, and waits until that has made the keys. Then it prints what is to be written down. Where stellad.toml names the socket of
an HSM that was set up by hand, the daemon makes the keys by itself, once it knows its name.`,
		Example: "  stellad init --name stella.example.org --admin alice --admin uid:4711\n  systemctl reload stellad\n" +
			"  stellad init --name stella.example.org --hsm-module /usr/lib/softhsm/libsofthsm2.so --hsm-slot token:stella --pin-file PIN",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.config, "config", "/etc/stella/stellad.toml", "the daemon's configuration `file`")
	flags.StringVar(&opts.name, "name", "", "the appliance's `name`, a bare hostname; it is never changed")
	flags.StringArrayVar(&opts.admins, "admin", nil, "a `user` who becomes administrator beside root, or uid:N; repeatable")
	flags.StringVar(&opts.hsm.module, "hsm-module", "", "the HSM's PKCS#11 `library`")
	flags.StringVar(&opts.hsm.slot, "hsm-slot", "", "its `token`: token:LABEL, serial:S, or a slot's number")
	flags.StringVar(&opts.hsm.pinFile, "pin-file", "", "a `file` that has the token's PIN, which is read once; remove it afterwards (default: ask)")
	cmd.MarkFlagsRequiredTogether("hsm-module", "hsm-slot")
	_ = cmd.MarkFlagRequired("name")
	return cmd
}

func runInit(cmd *cobra.Command, opts initOptions) error {
	c, err := config.Read(opts.config)
	if err != nil {
		return cli.BadInput(err)
	}
	say := func(line string) { fmt.Fprintln(cmd.OutOrStdout(), line) }
	if err := daemon.ValidName(opts.name); err != nil {
		return cli.BadInput(err) // before anything is changed
	}
	if opts.hsm.given() {
		if err := opts.hsm.setUp(cmd.Context(), opts.config, say); err != nil {
			return err
		}
		if c, err = config.Read(opts.config); err != nil {
			return cli.BadInput(err)
		}
	}
	made, err := daemon.Init(c, opts.name, opts.admins)
	if errors.Is(err, daemon.ErrGenesis) || errors.Is(err, access.ErrUnknownUser) {
		return cli.BadInput(err)
	}
	if err != nil {
		return err
	}
	for _, line := range made {
		say(line)
	}
	if !opts.hsm.given() {
		return nil
	}
	return begin(cmd.Context(), c, say)
}
