package main

import (
	"fmt"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type keyDestroyOptions struct {
	socket string
	output output
}

func newKeyDestroyCmd() *cobra.Command {
	var opts keyDestroyOptions
	cmd := &cobra.Command{
		Use:   "destroy LABEL|SHA256",
		Short: "Have the token destroy a key that is in use no more",
		Long: `Have the token destroy a key that is in use no more: a retired one, a compromised one, or
one that never came into use. One that is in use is rotated first ("key rotate").

What the key signed verifies as before: its public half stays published, and its label is
not used again. No backup of the token is touched. It can't be undone.`,
		Example: `  adminctl key destroy signing-2025`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runKeyDestroy(cmd, opts, args[0]) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runKeyDestroy(cmd *cobra.Command, opts keyDestroyOptions, name string) error {
	resp, err := stellav1.NewKeyServiceClient(daemonAt(opts.socket)).DestroyKey(cmd.Context(), &stellav1.DestroyKeyRequest{Key: bareDigest(name)})
	if err != nil {
		return err
	}
	key, err := keyOf(resp.GetKey())
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if opts.output == outputJSON {
		return writeJSON(out, key)
	}
	fmt.Fprintf(out, "%s is destroyed: what it signed stands as before\n", cli.Visible(key.Label))
	return nil
}
