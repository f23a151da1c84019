// Adminctl is the client of the appliance, and the verifier that an auditor takes along. The same program is
// installed a second time as stella; every command works under both names.
//
// A command is one file: an options struct, a constructor newXCmd, and runX. The constructor joins newRootCmd or its
// group's constructor; it declares flags, and leaves checks of count, presence and exclusion to cobra. An error before
// RunE begins is the user's (exit 2, pointing at the help); one that RunE returns exits by cli.StatusOf. Results go to
// cmd.OutOrStdout, all else to cmd.ErrOrStderr. Every help text ends with EXIT STATUS by itself.
package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
)

func main() {
	root := newRootCmd(programName(os.Args[0]))
	os.Exit(int(cli.Execute(root, os.Args[1:], os.Stdout, os.Stderr)))
}

// programName returns the name that the program was called by, for its messages and its help.
func programName(arg0 string) string {
	return strings.TrimSuffix(filepath.Base(arg0), ".exe")
}

func newRootCmd(name string) *cobra.Command {
	root := &cobra.Command{
		Use:     name,
		Short:   "Keep and check evidence, with no network",
		Version: versionLine(name),
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		newAttestCmd(),
		newAuditCmd(),
		newCanICmd(),
		newDoctorCmd(),
		newEvidenceCmd(),
		newKeyCmd(),
		newMetricsCmd(),
		newPolicyCmd(),
		newRBACCmd(),
		newRekorCmd(),
		newSBOMCmd(),
		newStatusCmd(),
		newTimeCmd(),
		newTimestampCmd(),
		newTrustCmd(),
		newVEXCmd(),
		newVersionCmd(),
		newWhoamiCmd(),
	)
	return root
}
