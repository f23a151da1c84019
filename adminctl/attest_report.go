package main

import (
	"fmt"
	"io"
	"slices"

	"stellad/attest/report"
	"stellad/internal/cli"
)

// outcome gives the status of it all. A refusal outweighs a file that can't be
// read: it is the answer that nobody may miss.
func outcome(r report.Report) error {
	_, refusals, problems := r.Counts()
	all, first := len(r.Entries), r.Entries[0]
	switch {
	case refusals > 0 && all == 1:
		return cli.Refused(fmt.Errorf("%s: NOT VERIFIED: %s", first.File, first.Verdict.Reason))
	case refusals > 0:
		return cli.Refused(fmt.Errorf("NOT VERIFIED: %d of %d documents", refusals, all))
	case problems > 0 && all == 1:
		return cli.BadInput(fmt.Errorf("%s: %s", first.File, first.Problem))
	case problems > 0:
		return cli.BadInput(fmt.Errorf("no verdict: %d of %d are no attestation or can't be read", problems, all))
	}
	return nil
}

// worse gives the one error that the command ends with, where it also failed to
// write its report: the verdict, if that is a refusal.
func worse(verdict, filing error) error {
	switch {
	case filing == nil:
		return verdict
	case verdict == nil:
		return filing
	}
	return fmt.Errorf("%w; and %w", verdict, filing)
}

func fileReport(name string, form report.Form, r report.Report) error {
	if name == "" {
		return nil
	}
	write := func(w io.Writer) error { return report.Write(w, form, r) }
	if err := writeWhole(name, write); err != nil {
		return fmt.Errorf("report %s: %w", name, err)
	}
	return nil
}

// keepInputs refuses a report that would take the place of what is verified, or
// be taken for it the next time.
func (o attestVerifyOptions) keepInputs(files []string) error {
	if o.report == "" {
		return nil
	}
	trusted, _ := trustRootDir(o.trustRoot)
	inputs := slices.Concat(files, o.signer.keys, []string{o.artifact.file, o.artifact.image, trusted})
	if slices.ContainsFunc(inputs, func(input string) bool { return sameFile(input, o.report) }) {
		return cli.BadInput(fmt.Errorf("--report %s: it is a file that is verified or trusted; write it elsewhere", o.report))
	}
	for _, folder := range append(slices.Clone(o.bundles), trusted) {
		if liesBelow(o.report, folder) {
			return cli.BadInput(fmt.Errorf("--report %s: it lies in %s, which is verified or trusted; write it elsewhere", o.report, folder))
		}
	}
	return nil
}

// reportForm tells a report's form by its file's name; "" asks for none.
func reportForm(name string) (report.Form, error) {
	if name == "" {
		return "", nil
	}
	form, err := report.FormOf(name)
	if err != nil {
		return "", cli.BadInput(fmt.Errorf("--report %s: %w", name, err))
	}
	return form, nil
}
