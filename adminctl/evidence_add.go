package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type evidenceAddOptions struct {
	artifact string
	socket   string
	output   output
}

func newEvidenceAddCmd() *cobra.Command {
	var opts evidenceAddOptions
	cmd := &cobra.Command{
		Use:   "add FILE|DIR…",
		Short: "Add evidence to what the appliance holds",
		Long: `Add documents to what the appliance holds: attestations (Sigstore bundles, DSSE), SBOMs
and signed SBOM archives, VEX, scan reports, proofs. What a document is, which artifacts it
states, and whether it verifies by the trust root in force is found out and recorded; one
that does not verify is kept as such. Of a folder each file is added, those in its folders
too, but for names that begin with a dot.

The same document again changes nothing. What is no evidence is refused by name, and the
others are added all the same.

--artifact says what the documents are about, for kinds that do not say so themselves. It
is your word, and is kept as such.`,
		Example: `  stella evidence add app.sigstore.json app.cdx.json
  stella evidence add grype.json --artifact sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runEvidenceAdd(cmd, opts, args) },
	}
	cmd.Flags().StringVar(&opts.artifact, "artifact", "", "the artifact that all of it is about: a whole `digest`")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runEvidenceAdd(cmd *cobra.Command, opts evidenceAddOptions, names []string) error {
	artifact := ""
	if opts.artifact != "" {
		var err error
		if artifact, err = parseArtifact(opts.artifact, false); err != nil {
			return cli.BadInput(fmt.Errorf("--artifact %s: %w", opts.artifact, err))
		}
	}
	files, err := filesBelow(names)
	if err != nil {
		return cli.BadInput(err)
	}
	add := addition{stellav1.NewEvidenceServiceClient(daemonAt(opts.socket)), artifact}
	added, err := add.all(cmd.Context(), files, newProgress(cmd.ErrOrStderr(), len(files)))
	if err != nil {
		return err
	}
	if opts.output == outputJSON {
		err = writeJSON(cmd.OutOrStdout(), struct {
			Evidence []addedAnswer `json:"evidence"`
		}{added})
	} else {
		err = printAdded(cmd.OutOrStdout(), added)
	}
	return errors.Join(err, problems(added))
}

// addedAnswer is the JSON of a file that was given.
type addedAnswer struct {
	File    string `json:"file"`
	Added   bool   `json:"added"`             // something was news
	Reason  string `json:"reason,omitempty"`  // why it does not verify
	Problem string `json:"problem,omitempty"` // why it was not taken

	*evidenceAnswer
	exit cli.Status
}

// problems is an error where files were not taken, by the worst of them.
func problems(all []addedAnswer) error {
	n, exit := 0, cli.StatusDone
	for _, a := range all {
		if a.Problem != "" {
			n, exit = n+1, max(exit, a.exit)
		}
	}
	if n == 0 {
		return nil
	}
	if n == 1 && len(all) == 1 {
		return cli.Exit(exit, fmt.Errorf("%s: %s", all[0].File, all[0].Problem))
	}
	return cli.Exit(exit, fmt.Errorf("%d of %d files were not added", n, len(all)))
}

func printAdded(w io.Writer, all []addedAnswer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, a := range all {
		cells := []string{"NOT ADDED", "", "", a.File, a.Problem}
		if e := a.evidenceAnswer; e != nil {
			state := "known"
			if a.Added {
				state = "added"
			}
			cells = []string{state, e.SHA256[:min(shortDigest, len(e.SHA256))], e.Verdict, a.File, strings.TrimSuffix(e.what()+": "+a.Reason, ": ")}
		} else if len(all) == 1 {
			continue // the error says it
		}
		for i, cell := range cells {
			cells[i] = cli.Visible(cell)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// filesBelow gives the files that are named, and those in folders that are named.
func filesBelow(names []string) (files []string, err error) {
	for _, name := range names {
		if !isFolder(name) {
			files = append(files, name)
			continue
		}
		err := filepath.WalkDir(name, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case path != name && strings.HasPrefix(e.Name(), "."):
				if e.IsDir() {
					return fs.SkipDir
				}
			case e.Type().IsRegular():
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, plainly(err))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file in this folder", strings.Join(names, ", "))
	}
	return files, nil
}

// An addition is what is the same for every file.
type addition struct {
	client   stellav1.EvidenceServiceClient
	artifact string
}

// adding is how many files are under way at a time: they share what the daemon writes to disk.
const adding = 16

// all adds files, and gives what became of each in the files' order. An error is no file's fault.
func (a addition) all(ctx context.Context, files []string, progress progress) ([]addedAnswer, error) {
	defer progress.done()
	found := make([]addedAnswer, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(adding)
	for i, file := range files {
		group.Go(func() (err error) {
			found[i], err = a.one(ctx, file)
			progress.step()
			return err
		})
		if ctx.Err() != nil {
			break
		}
	}
	err := group.Wait()
	return found, err
}

// one adds a file. A file that is not taken is no error; a daemon that takes none is.
func (a addition) one(ctx context.Context, file string) (addedAnswer, error) {
	f, err := openFile(file)
	if err != nil {
		return addedAnswer{File: file, Problem: strings.TrimPrefix(err.Error(), file+": "), exit: cli.StatusBadInput}, nil
	}
	defer f.Close()
	stream, err := a.client.AddEvidence(ctx)
	if err != nil {
		return addedAnswer{}, err
	}
	artifact := a.artifact
	err = sendPieces(f, func(piece []byte) error {
		err := stream.Send(&stellav1.AddEvidenceRequest{Artifact: artifact, Content: piece})
		artifact = ""
		return err
	})
	if err != nil && !errors.Is(err, io.EOF) { // at an end the answer says why
		return addedAnswer{}, err
	}
	resp, err := stream.CloseAndRecv()
	if status := cli.StatusOf(err); err != nil && status == cli.StatusBadInput {
		return addedAnswer{File: file, Problem: err.Error(), exit: status}, nil
	}
	if err != nil {
		return addedAnswer{}, err
	}
	e := evidenceOf(resp.GetEvidence())
	return addedAnswer{File: file, Added: resp.GetAdded(), Reason: resp.GetReason(), evidenceAnswer: &e}, nil
}
