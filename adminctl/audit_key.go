package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
	"stellad/tlog"
)

func addAuditKeyFlag(cmd *cobra.Command, key *string) {
	cmd.Flags().StringVar(key, "key", "", "the audit `key` as it was written down: a verifier key (name+id+key), or a file that holds one")
}

// auditKey reads the key that an option names, and gives nil where it does not. Export is what the key is to vouch for, or
// "": a key that lies in it vouches for nothing.
func auditKey(text, export string) (*tlog.VerifierKey, error) {
	if text == "" {
		return nil, nil
	}
	key, err := tlog.ParseVerifierKey(text)
	if err != nil {
		key, err = auditKeyFile(text, export)
	}
	if err == nil && key.Cosigns() {
		err = errors.New("a witness's key, which speaks for no log")
	}
	if err != nil {
		return nil, cli.BadInput(fmt.Errorf("--key: %w", err))
	}
	return key, nil
}

func auditKeyFile(name, export string) (*tlog.VerifierKey, error) {
	if export != "" && liesBelow(name, export) {
		return nil, fmt.Errorf("%s lies in the export that it is to vouch for; give the key that was written down, or no --key", name)
	}
	text, err := readFile(name, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("neither a verifier key nor a file: %w", err)
	}
	key, err := tlog.ParseVerifierKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}
