package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stellad/hsm"
	"stellad/internal/cli"
)

func newCheckCmd() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Log in to the token once, and say what is there",
		Long: `Load the module, log in to the token as the service would, say what is there, and log out.
Run it as the service's user: what that user may not read is what goes wrong most often. A
PIN that is wrong costs the token one try.

It exits with 0 where the service would work, with 7 where there is no such token, and with 10
where the token refuses the PIN.`,
		Example: "  stellad-hsm check --config /etc/stella/stellad-hsm.toml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCheck(cmd, opts) },
	}
	opts.addFlags(cmd)
	return cmd
}

// checkLimit is how long the token may take to come.
const checkLimit = 10 * time.Second

func runCheck(cmd *cobra.Command, opts options) error {
	k, err := openKeyring(opts)
	if err != nil {
		return err
	}
	defer k.pin.Erase()
	err = k.await(cmd.Context())
	if err := k.print(cmd.Context(), cmd.OutOrStdout()); err != nil {
		return err
	}
	if err != nil {
		return k.status(err)
	}
	return k.Close()
}

// await waits until the token is in service, or never will be.
func (k *keyring) await(ctx context.Context) error {
	late := time.After(checkLimit)
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	for {
		s, err := k.Status(ctx)
		if err != nil || s.Token != nil {
			return err
		}
		select {
		case err := <-k.Fatal():
			return err
		case <-late:
			return fmt.Errorf("%w: %s", hsm.ErrUnavailable, strings.TrimPrefix(s.LastError, hsm.ErrUnavailable.Error()+": "))
		case <-every.C:
		}
	}
}

func (k *keyring) print(ctx context.Context, out io.Writer) error {
	s, err := k.Status(ctx)
	tokens, err2 := k.Tokens(ctx)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	fmt.Fprintf(out, "back end    %s\nmodule      %s\nlibrary     %s\n", s.Backend, s.Module, cli.Visible(s.Library))
	for _, t := range tokens {
		mark := "token      "
		if s.Token != nil && t.Slot == s.Token.Slot {
			mark = "in use     "
		}
		fmt.Fprintf(out, "%s token:%s serial:%s slot %d\n", mark, cli.Visible(t.Label), cli.Visible(t.Serial), t.Slot)
	}
	fmt.Fprintf(out, "mechanisms  %s\n", strings.Join(s.Mechanisms, " "))
	return nil
}
