package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type keyRotateOptions struct {
	role, old, newLabel, slot string
	wait                      bool
	socket                    string
	output                    output
}

func newKeyRotateCmd() *cobra.Command {
	var opts keyRotateOptions
	cmd := &cobra.Command{
		Use:   "rotate --new-key-label L --hsm-slot N",
		Short: "Have a new key take the place of one in use",
		Long: `Make a key in the token and have it take the place of one in use: each signs a statement
that names the other. What the old key signed stands, and is verified again before this
command ends: by what the appliance publishes now. A signature that does not verify is
listed, and the exit status is 3; the rotation stands all the same.

A slot is a number, or what survives a renumbering: token:LABEL or serial:S. It must be
the slot of the token that is in service.

The same command again finishes a rotation that was interrupted.`,
		Example: `  stella key rotate --new-key-label signing-2027 --hsm-slot token:stella
  stella key rotate --new-key-label log-2027 --hsm-slot 0 --role log --key log-2026`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runKeyRotate(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.newLabel, "new-key-label", "", "the new key's `name`: 1 to 64 of A-Z a-z 0-9 . _ -")
	flags.StringVar(&opts.slot, "hsm-slot", "", "the token's `slot`: N, token:LABEL or serial:S")
	flags.StringVar(&opts.role, "role", "attestation", "what the keys are for")
	flags.StringVar(&opts.old, "key", "", "the `key` to replace, by label or SHA-256; default, the only active one of the role")
	flags.BoolVar(&opts.wait, "wait", false, "wait for a quorum, where one is asked for")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("new-key-label")
	_ = cmd.MarkFlagRequired("hsm-slot")
	return cmd
}

func runKeyRotate(cmd *cobra.Command, opts keyRotateOptions) error {
	slot, err := parseSlot(opts.slot)
	if err != nil {
		return cli.BadInput(fmt.Errorf("--hsm-slot %s: %w", opts.slot, err))
	}
	resp, err := stellav1.NewKeyServiceClient(daemonAt(opts.socket)).RotateKey(cmd.Context(), &stellav1.RotateKeyRequest{
		Role: opts.role, Old: bareDigest(opts.old), NewLabel: opts.newLabel, Slot: slot,
	})
	if err != nil {
		return err
	}
	if opts.wait {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: --wait: there was nothing to wait for: no quorum is asked\n", cmd.Root().Name())
	}
	answer, err := rotationOf(resp)
	if err != nil {
		return err
	}
	warnSoft(cmd, answer.New)
	if opts.output == outputJSON {
		err = writeJSON(cmd.OutOrStdout(), answer)
	} else {
		err = answer.print(cmd.OutOrStdout())
	}
	if err != nil {
		return err
	}
	return answer.outcome()
}

// rotationAnswer is the JSON of a rotation.
type rotationAnswer struct {
	Old      applianceKey `json:"old"` // both as they are now
	New      applianceKey `json:"new"`
	Verified uint64       `json:"verified"` // signatures by the old one, verified again
	Failed   []string     `json:"failed"`   // those that did not, a line each
}

func rotationOf(resp *stellav1.RotateKeyResponse) (rotationAnswer, error) {
	keys, err := keysOf([]*stellav1.ApplianceKey{resp.GetOld(), resp.GetNew()})
	if err != nil {
		return rotationAnswer{}, err
	}
	return rotationAnswer{keys[0], keys[1], resp.GetVerified(), listed(resp.GetFailed())}, nil
}

func (a rotationAnswer) print(w io.Writer) error {
	if err := printKeys(w, []applianceKey{a.Old, a.New}); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s by %s verified again\n", signatures(a.Verified), cli.Visible(a.Old.Label))
	for _, line := range a.Failed {
		fmt.Fprintf(w, "NOT VERIFIED - %s\n", cli.Visible(line))
	}
	return nil
}

func (a rotationAnswer) outcome() error {
	if n := uint64(len(a.Failed)); n > 0 {
		return cli.Refused(fmt.Errorf("NOT VERIFIED: %d of %s by %s; the rotation stands", n, signatures(a.Verified+n), a.Old.Label))
	}
	return nil
}

func signatures(n uint64) string {
	if n == 1 {
		return "1 signature"
	}
	return fmt.Sprintf("%d signatures", n)
}
