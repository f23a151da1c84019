package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest/trust"
	"stellad/internal/cli"
)

type trustExportOptions struct {
	out    string
	socket string
	output output
}

func newTrustExportCmd() *cobra.Command {
	var opts trustExportOptions
	cmd := &cobra.Command{
		Use:   "export --out DIR",
		Short: "Take away what verifies the appliance's signatures",
		Long: `Write the trust root by which others verify what the appliance signs: its keys with the
times when they are valid, its logs' keys and its timestamping authorities, retired and
compromised ones too. It is a trust root by itself ("attest verify --trust-root DIR"), and
"trust import" makes it a part of another.

The folder must not be there, or be empty. It gets its name when it is whole and on disk.

It is the daemon's word. Compare the SHA-256 with one that came another way. After a
rotation, or when a key was compromised, take it away anew.`,
		Example: `  adminctl trust export --out /media/stick/stella-trust
  stella attest verify --bundle app.sigstore.json --trust-root /media/stick/stella-trust`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runTrustExport(cmd, opts) },
	}
	cmd.Flags().StringVar(&opts.out, "out", "", "write the trust root to this `folder`")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func runTrustExport(cmd *cobra.Command, opts trustExportOptions) error {
	err := vacant(opts.out)
	if isArchive(opts.out) {
		err = errors.New("a trust root is a folder, and no archive is written")
	}
	if err != nil {
		return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
	}
	resp, err := stellav1.NewSigningServiceClient(daemonAt(opts.socket)).ExportTrust(cmd.Context(), &stellav1.ExportTrustRequest{})
	if err != nil {
		return err
	}
	answer := trustExportAnswer{Folder: opts.out, Files: []string{}}
	var files []trust.File
	for _, f := range resp.GetFiles() {
		files = append(files, trust.File{Name: f.GetName(), Bytes: f.GetContent()})
		answer.Files = append(answer.Files, f.GetName())
	}
	t, err := trust.Parse(files)
	if err != nil {
		return cli.Refused(fmt.Errorf("what the daemon sent: %w: %w", trust.ErrTrust, err))
	}
	if err := writeTrust(opts.out, files, t); err != nil {
		return fmt.Errorf("--out %s: %w", opts.out, err)
	}
	answer.SHA256 = t.Digest
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return answer.print(cmd.OutOrStdout())
}

// writeTrust makes a folder of the files of which t was made. A crash before keep has renamed it leaves a folder whose name
// begins with a dot, which no trust root counts.
func writeTrust(name string, files []trust.File, t *trust.Trust) error {
	folder, err := newExportFolder(name)
	if err != nil {
		return err
	}
	defer folder.discard()
	if err := putTrust(folder, files); err != nil {
		return err
	}
	// A file that does not count would be one that nobody sees again, and the digest another.
	if written, err := trust.Load(folder.temp); err != nil {
		return err
	} else if written.Digest != t.Digest {
		return cli.Refused(errors.New("files among it are no part of a trust root; nothing is written"))
	}
	return folder.keep()
}

// trustExportAnswer is the JSON of a trust root that was taken away.
type trustExportAnswer struct {
	Folder string   `json:"folder"`
	SHA256 string   `json:"sha256"` // of the whole, as verdicts name it
	Files  []string `json:"files"`
}

func (a trustExportAnswer) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "trust root\tsha256:%s\n", a.SHA256)
	fmt.Fprintf(t, "folder\t%s\n", cli.Visible(a.Folder))
	for _, name := range a.Files {
		fmt.Fprintf(t, "file\t%s\n", cli.Visible(name))
	}
	return t.Flush()
}
