package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
)

type keyListOptions struct {
	active bool
	socket string
	output output
}

func newKeyListCmd() *cobra.Command {
	var opts keyListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the appliance's keys, those that were too",
		Long: `List the appliance's keys, by role and the oldest first: those that sign and those that
did. A retired or compromised key stays, since what it signed before is judged by it.

"since" is when the key came into its state: active, retired (another took its place),
compromised (from then on it is not believed), or destroyed (the token has it no more).
A pending key was made and is not yet in use. "sha256" are the first digits of the SHA-256 of the public key; "key show" has
all of it.

A key that is in no HSM is marked IN A FILE, and standard error names it.`,
		Example: `  stella key list --active
  adminctl key list -o json | jq -r '.keys[] | select(.state == "active") | .label'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runKeyList(cmd, opts) },
	}
	cmd.Flags().BoolVar(&opts.active, "active", false, "only the keys in use")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runKeyList(cmd *cobra.Command, opts keyListOptions) error {
	keys, err := listKeys(cmd.Context(), opts.socket)
	if err != nil {
		return err
	}
	if opts.active {
		keys = slices.DeleteFunc(keys, func(k applianceKey) bool { return k.State != "active" })
	}
	warnSoft(cmd, keys...)
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), struct {
			Keys []applianceKey `json:"keys"`
		}{keys})
	}
	return printKeys(cmd.OutOrStdout(), keys)
}

func listKeys(ctx context.Context, socket string) ([]applianceKey, error) {
	resp, err := stellav1.NewKeyServiceClient(daemonAt(socket)).ListKeys(ctx, &stellav1.ListKeysRequest{})
	if err != nil {
		return nil, err
	}
	return keysOf(resp.GetKeys())
}
