package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type canIOptions struct {
	explain bool
	as      string
	socket  string
	output  output
}

func newCanICmd() *cobra.Command {
	var opts canIOptions
	cmd := &cobra.Command{
		Use:   "can-i VERB RESOURCE",
		Short: "Tell whether the access policy lets you, or another user, do something",
		Long: `Tell whether the access policy lets you do something, and by which rule. The exit
status is 0 for yes and 4 for no. "rbac matrix" lists the verbs and resources.

To ask about another user takes the permission access:read. Who lacks it exits 4 too,
and gets an error in place of an answer.`,
		Example: `  adminctl can-i verify attestations
  adminctl can-i reload access --explain
  adminctl can-i read status --as alice
  adminctl can-i read status --as uid:4711 -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return runCanI(cmd, opts, args[0], args[1]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.explain, "explain", false, "of a no, print what came near too")
	flags.StringVar(&opts.as, "as", "", "ask about this `user`, a name or uid:N, in your place")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runCanI(cmd *cobra.Command, opts canIOptions, verb, resource string) error {
	decision, err := opts.ask(cmd.Context(), verb, resource)
	if err != nil {
		return err
	}
	if opts.output == outputJSON {
		err = writeJSON(cmd.OutOrStdout(), canIAnswer{
			opts.as, verb, resource, decision.GetAllowed(), decision.GetReason(), listed(decision.GetNear()),
		})
	} else {
		opts.print(cmd.OutOrStdout(), decision)
	}
	if err != nil || decision.GetAllowed() {
		return err
	}
	return cli.Exit(cli.StatusForbidden, fmt.Errorf("not permitted: %s:%s", resource, verb))
}

func (o canIOptions) ask(ctx context.Context, verb, resource string) (*stellav1.Decision, error) {
	client := stellav1.NewAccessServiceClient(daemonAt(o.socket))
	if o.as == "" {
		resp, err := client.CanI(ctx, &stellav1.CanIRequest{Resource: resource, Verb: verb})
		return resp.GetDecision(), err
	}
	resp, err := client.CanUser(ctx, &stellav1.CanUserRequest{User: o.as, Resource: resource, Verb: verb})
	return resp.GetDecision(), err
}

// canIAnswer has what came near with or without --explain, which is about what a reader has room for.
type canIAnswer struct {
	User     string   `json:"user,omitempty"` // of --as
	Verb     string   `json:"verb"`
	Resource string   `json:"resource"`
	Allowed  bool     `json:"allowed"`
	Reason   string   `json:"reason"`
	Near     []string `json:"near"`
}

func (o canIOptions) print(w io.Writer, d *stellav1.Decision) {
	answer := "no"
	if d.GetAllowed() {
		answer = "yes"
	}
	fmt.Fprintf(w, "%s - %s\n", answer, cli.Visible(d.GetReason()))
	if !o.explain {
		return
	}
	for _, line := range d.GetNear() {
		fmt.Fprintf(w, "  %s\n", cli.Visible(line))
	}
}
