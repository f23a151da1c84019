package main

import (
	"errors"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
	policyworker "stellad/policy/worker"
	"stellad/store"
)

// newWorkerCmd has the commands that stellad runs itself with, in children of its own: what they meet may kill them.
func newWorkerCmd() *cobra.Command {
	worker := &cobra.Command{Use: "worker", Short: "Run by stellad itself", Hidden: true}
	worker.AddCommand(&cobra.Command{
		Use:     "check-store DIR",
		Short:   "Read a store whole, and report",
		Example: "  stellad worker check-store /var/lib/stella/db/db",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if store.CheckMain(args) != 0 {
				return cli.Exit(cli.StatusFailed, errors.New("the check of the store did not run"))
			}
			return nil
		},
	})
	worker.AddCommand(&cobra.Command{
		Use:     "policy",
		Short:   "Evaluate policies, asked over descriptor 3",
		Example: "  stellad worker policy 3<>SOCKET",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return policyworker.Child() },
	})
	return worker
}
