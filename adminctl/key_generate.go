package main

import (
	"fmt"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type keyGenerateOptions struct {
	label, role, algorithm string
	escrowable             bool
	socket                 string
	output                 output
}

func newKeyGenerateCmd() *cobra.Command {
	var opts keyGenerateOptions
	cmd := &cobra.Command{
		Use:   "generate --label L --role R",
		Short: "Make a key in the token",
		Long: `Make a key in the token, for one role: attestation, audit, log, policy or timestamp. It is
active at once, and its private half never leaves the token.

An escrowable key can leave the token, wrapped, for an escrow. That is settled now: no key
becomes escrowable later. To take the place of a key that is in use, "key rotate" it.`,
		Example: `  adminctl key generate --label signing-2026 --role attestation
  adminctl key generate --label policy-2026 --role policy --escrowable`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runKeyGenerate(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.label, "label", "", "the key's `name`: 1 to 64 of A-Z a-z 0-9 . _ -")
	flags.StringVar(&opts.role, "role", "", "what it is for, one `role` alone")
	flags.StringVar(&opts.algorithm, "algorithm", "", "an `algorithm` such as ecdsa-p256 or ed25519; default, the one that the role prefers")
	flags.BoolVar(&opts.escrowable, "escrowable", false, "it can leave the token, wrapped")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("label")
	_ = cmd.MarkFlagRequired("role")
	return cmd
}

func runKeyGenerate(cmd *cobra.Command, opts keyGenerateOptions) error {
	resp, err := stellav1.NewKeyServiceClient(daemonAt(opts.socket)).GenerateKey(cmd.Context(), &stellav1.GenerateKeyRequest{
		Label: opts.label, Role: opts.role, Algorithm: opts.algorithm, Escrowable: opts.escrowable,
	})
	if err != nil {
		return err
	}
	key, err := keyOf(resp.GetKey())
	if err != nil {
		return err
	}
	warnSoft(cmd, key)
	out := cmd.OutOrStdout()
	if opts.output == outputJSON {
		return writeJSON(out, key)
	}
	fmt.Fprintf(out, "made a key for %s\n", cli.Visible(key.Role))
	return key.facts(out, "")
}
