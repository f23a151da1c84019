package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type statusOptions struct {
	sealed bool
	socket string
	output output
}

func newStatusCmd() *cobra.Command {
	var opts statusOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell how the appliance stands",
		Long: `Tell how the appliance stands: its release, its name and each of its parts.

A part that is not as it should be is marked !!. The exit status is 0 whenever the
daemon could be asked; a script looks at "ok" in the JSON.

With --sealed it tells what the daemon and the workers that evaluate policies can't reach, and
how that is known: what the kernel says of each process, which sockets could not be made, the
functions that a policy has not, and what systemd says of the daemon's unit.`,
		Example: "  adminctl status\n  adminctl status -o json | jq '.parts[] | select(.ok | not)'\n  adminctl status --sealed",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runStatus(cmd, opts) },
	}
	cmd.Flags().BoolVar(&opts.sealed, "sealed", false, "tell what the daemon can't reach, and how that is known")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runStatus(cmd *cobra.Command, opts statusOptions) error {
	if opts.sealed {
		return runSealed(cmd, opts)
	}
	client := stellav1.NewStatusServiceClient(daemonAt(opts.socket))
	resp, err := client.Status(cmd.Context(), &stellav1.StatusRequest{})
	if err != nil {
		return err
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), statusJSON(resp))
	}
	return printStatus(cmd.OutOrStdout(), resp)
}

type statusAnswer struct {
	Version string       `json:"version"`
	Name    string       `json:"name"` // empty before genesis
	Started time.Time    `json:"started"`
	Dev     bool         `json:"dev"`
	Parts   []partAnswer `json:"parts"`
}

type partAnswer struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	State string `json:"state"`
}

func statusJSON(resp *stellav1.StatusResponse) statusAnswer {
	answer := statusAnswer{
		Version: resp.GetVersion(), Name: resp.GetName(), Dev: resp.GetDev(),
		Started: resp.GetStarted().AsTime().Truncate(time.Second), Parts: []partAnswer{},
	}
	for _, p := range resp.GetParts() {
		answer.Parts = append(answer.Parts, partAnswer{p.GetName(), p.GetOk(), p.GetState()})
	}
	return answer
}

func printStatus(w io.Writer, resp *stellav1.StatusResponse) error {
	if resp.GetDev() {
		fmt.Fprintln(w, "This is no production.")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(mark, name, text string) {
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, cli.Visible(name), cli.Visible(text))
	}
	row("", "release", resp.GetVersion())
	row("", "started", resp.GetStarted().AsTime().Format(time.RFC3339))
	for _, p := range resp.GetParts() {
		row(marks[p.GetOk()], p.GetName(), p.GetState())
	}
	return t.Flush()
}

// marks are plain letters, so that they survive every terminal, log and mail.
var marks = map[bool]string{true: "ok", false: "!!"}
