package main

import (
	"cmp"
	"os"

	"github.com/spf13/cobra"
)

const (
	defaultTrustRoot = "/etc/stella/trust"
	trustRootEnv     = "STELLA_TRUST_ROOT"
)

// addTrustRootFlags gives cmd --trust-root, and --offline which every verifying
// command accepts: offline is how it always works.
func addTrustRootFlags(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "trust-root", "", "`folder` of what is trusted (default $"+trustRootEnv+", else "+defaultTrustRoot+")")
	cmd.Flags().Bool("offline", true, "accepted for clarity: there is no other way")
}

// trustRootDir tells where the trust root is, and whether the user chose it.
func trustRootDir(flag string) (dir string, chosen bool) {
	if dir := cmp.Or(flag, os.Getenv(trustRootEnv)); dir != "" {
		return dir, true
	}
	return defaultTrustRoot, false
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
