package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type policyExportOptions struct {
	out    string
	socket string
}

// newPolicyExportCmd has no -o: what it makes is the result.
func newPolicyExportCmd() *cobra.Command {
	var opts policyExportOptions
	cmd := &cobra.Command{
		Use:   "export POLICY --out FILE.tar.gz",
		Short: "Write a policy bundle to a file",
		Long: `Write a policy bundle as the appliance has it, with its signature. "opa eval" with it and with an
input of "policy evaluate --explain -o json" gives the same decision.

POLICY is "now" for what decides, "built-in", "version:N", or a bundle's SHA-256 or the first
6 digits of it and more.`,
		Example: `  stella policy export now --out policy.tar.gz
  opa eval --bundle policy.tar.gz --input input.json data.stella.decision`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runPolicyExport(cmd, opts, args[0]) },
	}
	cmd.Flags().StringVar(&opts.out, "out", "", "write the bundle to this `file`")
	addSocketFlag(cmd, &opts.socket)
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func runPolicyExport(cmd *cobra.Command, opts policyExportOptions, name string) error {
	if err := unused(opts.out); err != nil {
		return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
	}
	text, err := fetchPolicy(cmd.Context(), opts.socket, name)
	if err != nil {
		return err
	}
	if err := writeNew(opts.out, text); err != nil {
		return fmt.Errorf("--out %s: %w", opts.out, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "a policy bundle of %d bytes in %s\n", len(text), cli.Visible(opts.out))
	return err
}

// fetchPolicy reads the bundle that a name means from the daemon.
func fetchPolicy(ctx context.Context, socket, name string) ([]byte, error) {
	req, err := policyNamed(name)
	if err != nil {
		return nil, cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	stream, err := stellav1.NewPolicyServiceClient(daemonAt(socket)).ReadPolicy(ctx, req)
	if err != nil {
		return nil, err
	}
	var text []byte
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return nil, err
		}
		text = append(text, resp.GetContent()...)
	}
}

func policyNamed(name string) (*stellav1.ReadPolicyRequest, error) {
	switch name {
	case "now":
		return &stellav1.ReadPolicyRequest{InForce: true}, nil
	case "built-in", "version:0":
		return &stellav1.ReadPolicyRequest{BuiltIn: true}, nil
	}
	if number, is := strings.CutPrefix(name, "version:"); is {
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, errors.New("no number follows version: in it")
		}
		return &stellav1.ReadPolicyRequest{Version: n}, nil
	}
	digits, err := parseDocument(name)
	return &stellav1.ReadPolicyRequest{Sha256: digits}, err
}
