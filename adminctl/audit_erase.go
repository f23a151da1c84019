package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type auditEraseOptions struct {
	yes    bool
	socket string
	output output
}

func newAuditEraseCmd() *cobra.Command {
	var opts auditEraseOptions
	cmd := &cobra.Command{
		Use:   "erase SEQ… --yes",
		Short: "Erase what was said of records in people's words",
		Long: `Erase the annotations of records, for good: reasons, names, whatever was said of them in
people's words. The records stay, with their numbers and digests, and so does the log's
root; a further record says who erased what.

Exports that were taken away before still have the text.`,
		Example: "  adminctl audit list --type denial --since 30d\n  adminctl audit erase 17 21 --yes",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runAuditErase(cmd, opts, args) },
	}
	cmd.Flags().BoolVar(&opts.yes, "yes", false, "do it; without this option nothing is erased")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runAuditErase(cmd *cobra.Command, opts auditEraseOptions, args []string) error {
	seqs, err := parseSeqs(args)
	if err != nil {
		return err
	}
	if !opts.yes {
		return cli.BadInput(fmt.Errorf("%s would be erased for good, and nobody can bring the text back; --yes does it", annotations(len(seqs))))
	}
	client := stellav1.NewAuditServiceClient(daemonAt(opts.socket))
	resp, err := client.Erase(cmd.Context(), &stellav1.EraseRequest{Seqs: seqs})
	if err != nil {
		return err
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), seqAnswer{resp.GetSeq()})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "erased %s; record %d says so\n", annotations(len(seqs)), resp.GetSeq())
	return nil
}

// seqAnswer is the JSON of an act: the record that says so.
type seqAnswer struct {
	Seq uint64 `json:"seq"`
}

func annotations(n int) string {
	if n == 1 {
		return "1 annotation"
	}
	return fmt.Sprintf("%d annotations", n)
}

// parseSeqs gives them ascending and once each, as the API wants them.
func parseSeqs(args []string) ([]uint64, error) {
	var seqs []uint64
	for _, arg := range args {
		seq, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			return nil, cli.BadInput(fmt.Errorf("%s: %w", arg, errNoSeq))
		}
		seqs = append(seqs, seq)
	}
	slices.Sort(seqs)
	return slices.Compact(seqs), nil
}

var errNoSeq = errors.New("not the number of a record, as \"audit list\" prints it under seq")
