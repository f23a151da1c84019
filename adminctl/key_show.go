package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
)

type keyShowOptions struct {
	pem    bool
	chain  bool
	socket string
	output output
}

func newKeyShowCmd() *cobra.Command {
	var opts keyShowOptions
	cmd := &cobra.Command{
		Use:   "show LABEL|SHA256",
		Short: "Show all that is known of a key",
		Long: `Show all that is known of a key, which is named by its label or by the SHA-256 of its
public key: all 64 digits, or the first, at least 6, where no other key begins so.

--pem prints the public key by itself, as PEM, and --chain the certificates of a
timestamping key, its own first. Whom to believe, and when, is more than a key: "trust
export" has it.`,
		Example: `  adminctl key show signing-2026
  adminctl key show signing-2026 --pem >signing-2026.pem
  adminctl key show 3f5a0c9e12ab -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runKeyShow(cmd, opts, args[0]) },
	}
	cmd.Flags().BoolVar(&opts.pem, "pem", false, "print the public key alone, as PEM")
	cmd.Flags().BoolVar(&opts.chain, "chain", false, "print the certificates alone, as PEM")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	cmd.MarkFlagsMutuallyExclusive("pem", "chain", "output")
	return cmd
}

func runKeyShow(cmd *cobra.Command, opts keyShowOptions, name string) error {
	keys, err := listKeys(cmd.Context(), opts.socket)
	if err != nil {
		return err
	}
	key, err := findKey(keys, name)
	if err != nil {
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	warnSoft(cmd, key)
	out := cmd.OutOrStdout()
	switch {
	case opts.pem:
		return writeLines(out, []byte(key.Public))
	case opts.chain && len(key.Chain) == 0:
		return cli.BadInput(fmt.Errorf("%s is a key for %s, and has no certificates", key.Label, key.Role))
	case opts.chain:
		return writeLines(out, []byte(strings.Join(key.Chain, "")))
	case opts.output == outputJSON:
		return writeJSON(out, key)
	}
	return key.facts(out, labelOf(keys, key.Successor))
}

// digestStart is a SHA-256 or its first digits.
var digestStart = regexp.MustCompile(`^[0-9a-f]{6,64}$`)

// findKey finds a key by its label or else by its SHA-256, of which the first digits do where they are one key's alone.
func findKey(keys []applianceKey, name string) (applianceKey, error) {
	found := keysWhere(keys, func(k applianceKey) bool { return k.Label == name })
	if digits := strings.ToLower(strings.TrimPrefix(name, "sha256:")); len(found) == 0 && digestStart.MatchString(digits) {
		found = keysWhere(keys, func(k applianceKey) bool { return strings.HasPrefix(k.SHA256, digits) })
	}
	switch len(found) {
	case 0:
		return applianceKey{}, errors.New("there is no such key; \"key list\" has those that there are")
	case 1:
		return found[0], nil
	}
	var all []string
	for _, k := range found {
		all = append(all, k.Label+" "+k.SHA256)
	}
	return applianceKey{}, fmt.Errorf("%d keys are called so; name one by its SHA-256: %s", len(found), strings.Join(all, ", "))
}

func keysWhere(keys []applianceKey, is func(applianceKey) bool) []applianceKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k applianceKey) bool { return !is(k) })
}

// labelOf gives the label of the key with a SHA-256, or "".
func labelOf(keys []applianceKey, sha256 string) string {
	at := slices.IndexFunc(keys, func(k applianceKey) bool { return sha256 != "" && k.SHA256 == sha256 })
	if at < 0 {
		return ""
	}
	return keys[at].Label
}
