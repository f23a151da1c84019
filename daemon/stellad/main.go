// Stellad is the appliance's daemon. It answers on Unix sockets only; adminctl, or stella, is its client.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
	"stellad/internal/version"
)

func main() {
	os.Exit(int(cli.Serve(newRootCmd(), os.Args[1:], os.Stdout, os.Stderr)))
}

func newRootCmd() *cobra.Command {
	var opts serveOptions
	root := &cobra.Command{
		Use:   "stellad {--config FILE | --dev [DIR]}",
		Short: "The daemon of the Stella appliance",
		Long: `stellad answers on two Unix sockets, admin.sock and verify.sock: systemd's, where it
hands them down, else its own. It opens no network socket and runs no other program.
SIGHUP has it read its access policy and trust root again, SIGTERM and SIGINT stop it.

With --dev it needs no root and keeps everything below DIR, for trying things out:
whoever starts it may do everything, and nobody else anything.`,
		Example: `  stellad --config /etc/stella/stellad.toml
  stellad --config /etc/stella/stellad.toml --check-config
  stellad --dev /tmp/stella`,
		Args:    cobra.MaximumNArgs(1),
		Version: version.String,
		RunE:    func(cmd *cobra.Command, args []string) error { return runServe(cmd, opts, args) },
	}
	root.SetVersionTemplate("stellad {{.Version}}\n")
	opts.addFlags(root)
	root.AddCommand(newInitCmd(), newCheckCmd(), newWorkerCmd())
	return root
}
