package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"stellad/access"
	"stellad/daemon"
	"stellad/daemon/config"
	"stellad/daemon/logging"
	"stellad/internal/cli"
)

type serveOptions struct {
	config string
	check  bool
	dev    bool
}

func (o *serveOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.config, "config", "", "serve as this `file` says")
	flags.BoolVar(&o.check, "check-config", false, "say whether the file of --config, and the access policy that it names, could come into force, and exit")
	flags.BoolVar(&o.dev, "dev", false, "serve below DIR (default ./stella-dev): no production")
	cmd.MarkFlagsMutuallyExclusive("config", "dev")
	cmd.MarkFlagsOneRequired("config", "dev")
}

func runServe(cmd *cobra.Command, opts serveOptions, args []string) error {
	c, err := opts.read(args)
	if err != nil {
		return cli.BadInput(err)
	}
	if opts.check {
		return check(cmd, opts.config, c)
	}
	signal.Ignore(syscall.SIGPIPE) // a log whose reader went away is no reason to stop
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	log := logging.New(os.Stderr, c.Log)
	if opts.dev {
		end, err := startDevHSM(&c, log)
		if err != nil {
			return err
		}
		defer end() // after the daemon, whose last checkpoint it signs
	}
	d, err := daemon.New(c, log)
	if errors.Is(err, access.ErrPolicy) || errors.Is(err, daemon.ErrGenesis) {
		return cli.BadInput(err)
	}
	if err != nil {
		return err
	}
	if opts.dev {
		announce(cmd, c)
	}
	return d.Run(ctx, reload)
}

func (o *serveOptions) read(args []string) (config.Config, error) {
	switch {
	case !o.dev && len(args) > 0:
		return config.Config{}, fmt.Errorf("unknown command %q; see 'stellad --help'", args[0])
	case !o.dev:
		return config.Read(o.config)
	case o.check:
		return config.Config{}, errors.New("--check-config is of the file of --config")
	case len(args) == 0:
		args = []string{"stella-dev"}
	}
	return devFolder(args[0])
}

// devFolder makes what folders a trial needs. What is there stays.
func devFolder(name string) (config.Config, error) {
	dir, err := filepath.Abs(name)
	if err != nil {
		return config.Config{}, err
	}
	c := config.Dev(dir)
	for _, folder := range []string{dir, c.State, c.Run, c.Trust} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return c, err
		}
	}
	return c, nil
}

// startDevHSM runs stellad-hsm beside a trial, where there is one.
func startDevHSM(c *config.Config, log *slog.Logger) (end func(), err error) {
	hsm, err := daemon.PrepareDevHSM(c, log)
	if err != nil || hsm == nil {
		return func() {}, err
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { hsm.Run(ctx) })
	hsm.Await(ctx, c.HSM)
	return func() { stop(); running.Wait() }, nil
}

func announce(cmd *cobra.Command, c config.Config) {
	fmt.Fprintf(cmd.OutOrStdout(), `This is no production: one user may do everything, and it keeps no secret.
  export STELLA_DIR=%s
has adminctl and stella find it. Whom it believes stands in %s.
`, filepath.Dir(c.State), c.Trust)
}

func check(cmd *cobra.Command, name string, c config.Config) error {
	if err := daemon.Check(c); err != nil {
		return cli.BadInput(err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: good\n", name)
	return nil
}
