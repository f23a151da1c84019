package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type evidenceImportOptions struct {
	socket string
	output output
}

func newEvidenceImportCmd() *cobra.Command {
	var opts evidenceImportOptions
	cmd := &cobra.Command{
		Use:   "import FILE.tar.gz",
		Short: "Take in the evidence of a bundle, whole or not at all",
		Long: `Take in the evidence of a bundle that another appliance exported. The bundle is verified
first, by the trust root in force here: its manifest's signature, its files, and each
document in its turn. A bundle that does not verify changes nothing (exit 3); of one that
does, what is new here is added. The trust root that lies in it is never believed.`,
		Example: `  adminctl evidence import /media/stick/app.tar.gz`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runEvidenceImport(cmd, opts, args[0]) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runEvidenceImport(cmd *cobra.Command, opts evidenceImportOptions, name string) error {
	f, err := openFile(name)
	if err != nil {
		return cli.BadInput(err)
	}
	defer f.Close()
	stream, err := stellav1.NewEvidenceServiceClient(daemonAt(opts.socket)).ImportEvidence(cmd.Context())
	if err != nil {
		return err
	}
	err = sendPieces(f, func(piece []byte) error { return stream.Send(&stellav1.ImportEvidenceRequest{Content: piece}) })
	if err != nil && !errors.Is(err, io.EOF) { // at an end the answer says why
		return err
	}
	resp, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	answer := importedAnswer{resp.GetAdded(), resp.GetKnown(), resp.GetVerified(), resp.GetSigner()}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "imported what %s signed: %d new, %d known already; %d of them verify here\n",
		cli.Visible(answer.Signer), answer.Added, answer.Known, answer.Verified)
	return err
}

// importedAnswer is the JSON of an import.
type importedAnswer struct {
	Added    uint32 `json:"added"` // documents
	Known    uint32 `json:"known"`
	Verified uint32 `json:"verified"` // of both, by the trust root in force
	Signer   string `json:"signer"`   // of the bundle
}
