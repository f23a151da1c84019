package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

const (
	defaultTrustRoot = "/etc/stella/trust"
	trustRootEnv     = "STELLA_TRUST_ROOT"
	trialEnv         = "STELLA_DIR" // of stellad --dev
)

// addTrustRootFlags gives cmd --trust-root, and --offline which every verifying
// command accepts: offline is how it always works.
func addTrustRootFlags(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "trust-root", "", "`folder` of what is trusted, or one trusted_root.json (default $"+trustRootEnv+", else "+defaultTrustRoot+")")
	cmd.Flags().Var(new(offline), "offline", "no network is used, with it or without; with it no daemon is asked either")
	cmd.Flags().Lookup("offline").NoOptDefVal = "true"
}

// offline is an option that can only be true.
type offline struct{}

func (*offline) String() string { return "true" }

// Type makes it read as a switch in help texts.
func (*offline) Type() string { return "bool" }

// Set refuses all but true: there is nothing to turn off.
func (*offline) Set(text string) error {
	if text != "true" {
		return errors.New("no network is ever used")
	}
	return nil
}

// trustRootDir tells where the trust root is, and whether the user chose it. That of a trial is its own.
func trustRootDir(flag string) (dir string, chosen bool) {
	if dir := cmp.Or(flag, os.Getenv(trustRootEnv)); dir != "" {
		return dir, true
	}
	if trial := os.Getenv(trialEnv); trial != "" {
		return filepath.Join(trial, "trust"), false
	}
	return defaultTrustRoot, false
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
