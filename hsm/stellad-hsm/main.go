// Stellad-hsm has the vendor's PKCS#11 module and the PIN of one token, and nothing else. It answers on hsm.sock, to
// stellad alone; a module that crashes or hangs takes this process along, and no other.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
	"stellad/internal/version"
)

// Statuses of this program alone, beside those of every command.
const (
	statusPIN  cli.Status = 10 // for RestartPreventExitStatus=
	statusHung cli.Status = 11
)

func main() {
	os.Exit(int(cli.Serve(newRootCmd(), os.Args[1:], os.Stdout, os.Stderr)))
}

func newRootCmd() *cobra.Command {
	var opts options
	root := &cobra.Command{
		Use:   "stellad-hsm --config FILE",
		Short: "Keep one token of a PKCS#11 module in service, for stellad",
		Long: `stellad-hsm loads a PKCS#11 module, logs in to one token with a PIN that systemd hands down as
the credential "pin", and answers on hsm.sock: systemd's, where it hands that down, else its own.
Where the token is not there, or goes, it looks for it until it is; SIGTERM and SIGINT stop it.

It exits with 10 where the token refused the PIN, which is tried once: no service manager may
restart it then (RestartPreventExitStatus=10). It exits with 11 where the module does not come
back from its calls: it is to be restarted. A module that crashes ends it with 2 or by a signal.`,
		Example: `  stellad-hsm --config /etc/stella/stellad-hsm.toml
  stellad-hsm check --config /etc/stella/stellad-hsm.toml`,
		Args:    cobra.NoArgs,
		Version: version.String,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runServe(cmd, opts) },
	}
	root.SetVersionTemplate("stellad-hsm {{.Version}}\n")
	opts.addFlags(root)
	root.AddCommand(newCheckCmd())
	return root
}

// options are those of both commands.
type options struct {
	config string
	dev    bool
}

func (o *options) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.config, "config", "", "the configuration `file`")
	cmd.Flags().BoolVar(&o.dev, "dev", false, "allow keys in a file: no production")
	_ = cmd.MarkFlagRequired("config")
}
