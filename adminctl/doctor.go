package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type doctorOptions struct {
	socket string
	output output
}

func newDoctorCmd() *cobra.Command {
	var opts doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at what the appliance stands on, and say what to do",
		Long: `Have the daemon look at what it stands on: the HSM's module and token, the clock, the
disk. A line for each thing says what was found; where something is wrong, the line below
it says what to do, and the exit status is 3.`,
		Example: "  adminctl doctor\n  adminctl doctor -o json | jq '.examinations[] | select(.ok | not)'",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd, opts) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runDoctor(cmd *cobra.Command, opts doctorOptions) error {
	resp, err := stellav1.NewStatusServiceClient(daemonAt(opts.socket)).Doctor(cmd.Context(), &stellav1.DoctorRequest{})
	if err != nil {
		return err
	}
	answer := doctorAnswerOf(resp)
	if len(answer.Examinations) == 0 {
		return errors.New("the daemon looked at nothing") // which is not that all is well
	}
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

// doctorAnswer is the JSON of all that was looked at.
type doctorAnswer struct {
	OK           bool                `json:"ok"`
	Examinations []examinationAnswer `json:"examinations"`
}

type examinationAnswer struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"`
}

func doctorAnswerOf(resp *stellav1.DoctorResponse) doctorAnswer {
	a := doctorAnswer{OK: true, Examinations: []examinationAnswer{}}
	for _, e := range resp.GetExaminations() {
		a.OK = a.OK && e.GetOk()
		a.Examinations = append(a.Examinations, examinationAnswer{e.GetName(), e.GetOk(), e.GetFound(), e.GetAdvice()})
	}
	return a
}

// faultMark is louder than status's: who asks the doctor is to act.
var faultMark = map[bool]string{true: "ok", false: "FAULT"}

func (a doctorAnswer) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range a.Examinations {
		fmt.Fprintf(t, "%s\t%s\t%s\n", faultMark[e.OK], cli.Visible(e.Name), cli.Visible(e.Found))
		if !e.OK && e.Advice != "" {
			fmt.Fprintf(t, "\t\t%s\n", cli.Visible(e.Advice))
		}
	}
	return t.Flush()
}

func (a doctorAnswer) outcome() error {
	var names []string
	for _, e := range a.Examinations {
		if !e.OK {
			names = append(names, e.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return cli.Refused(fmt.Errorf("%d of %d not as they should be: %s", len(names), len(a.Examinations), strings.Join(names, ", ")))
}
