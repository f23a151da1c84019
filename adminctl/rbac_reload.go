package main

import (
	"fmt"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
)

type rbacReloadOptions struct {
	socket string
	output output
}

func newRBACReloadCmd() *cobra.Command {
	var opts rbacReloadOptions
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the daemon read the access policy's file again",
		Long: `Have the daemon read the access policy's file again. It comes into force whole, or the
policy in force stays and the exit status is 2. A changed file has a higher version.`,
		Example: "  adminctl rbac reload",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRBACReload(cmd, opts) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runRBACReload(cmd *cobra.Command, opts rbacReloadOptions) error {
	client := stellav1.NewAccessServiceClient(daemonAt(opts.socket))
	resp, err := client.Reload(cmd.Context(), &stellav1.ReloadRequest{})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if opts.output == outputJSON {
		return writeJSON(out, struct {
			Version uint64 `json:"version"`
			Changed bool   `json:"changed"`
		}{resp.GetVersion(), resp.GetChanged()})
	}
	before := ""
	if !resp.GetChanged() {
		before = ", as before"
	}
	fmt.Fprintf(out, "version %d of the access policy is in force%s\n", resp.GetVersion(), before)
	return nil
}
