package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/attest/trust"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
	"stellad/internal/cli"
)

// runAttestVerifyArchive verifies an evidence bundle: by this program, whatever daemon there is.
func runAttestVerifyArchive(cmd *cobra.Command, opts attestVerifyOptions, form report.Form, signers []*trust.Signer) error {
	name := opts.bundles[0]
	switch {
	case len(opts.bundles) > 1:
		return cli.BadInput(errors.New("--bundle: an evidence bundle (.tar.gz) is verified by itself; leave the others to another run"))
	case opts.predicateType != "":
		return cli.BadInput(errors.New("--predicate-type: an evidence bundle (.tar.gz) has statements of many types"))
	}
	if err := opts.keepInputs([]string{name}); err != nil {
		return err
	}
	artifact, err := opts.artifact.read()
	if err != nil {
		return err
	}
	roots, err := loadTrust(opts.trustRoot, len(opts.signer.keys) > 0)
	if err != nil {
		return err
	}
	f, err := openFile(name)
	if err != nil {
		return cli.BadInput(err)
	}
	defer f.Close()
	switch k, err := kind.Of(f); {
	case err != nil:
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	case k == kind.SBOMArchive:
		return cli.BadInput(fmt.Errorf("%s: it is an SBOM archive: \"sbom verify\" verifies it", name))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	a, err := bundle.Verify(f, bundle.Expect{Verifier: attest.NewVerifier(roots), Signers: signers, Artifact: artifact})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.File, a.Program, a.Time = name, versionLine(cmd.Root().Name()), time.Now().UTC().Truncate(time.Second)
	return archiveAnswer{name, opts.report, form, opts.output}.give(cmd.OutOrStdout(), a)
}

// archives tells whether one of the bundles is an evidence bundle, by its name.
func (o attestVerifyOptions) archives() bool { return slices.ContainsFunc(o.bundles, isArchive) }
