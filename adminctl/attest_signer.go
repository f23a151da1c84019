package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"stellad/attest/trust"
	"stellad/internal/cli"
)

// signerOptions say on the command line who is accepted, in place of the trust
// root's signers.
type signerOptions struct {
	identity, identityRegexp string
	issuer, issuerRegexp     string
	keys                     []string
}

func (o *signerOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.identity, "certificate-identity", "", "accept a certificate of this `identity` (URI or e-mail address)")
	flags.StringVar(&o.identityRegexp, "certificate-identity-regexp", "", "… whose identity this `pattern` is found in; anchor it with ^ and $")
	flags.StringVar(&o.issuer, "certificate-oidc-issuer", "", "… vouched for by this `issuer`")
	flags.StringVar(&o.issuerRegexp, "certificate-oidc-issuer-regexp", "", "… whose issuer this `pattern` is found in")
	flags.StringArrayVar(&o.keys, "key", nil, "accept signatures by the public key in this PEM `file`; repeatable")
}

// signers gives nil where the command line names none.
func (o *signerOptions) signers() ([]*trust.Signer, error) {
	byIdentity := o.identity != "" || o.identityRegexp != ""
	byIssuer := o.issuer != "" || o.issuerRegexp != ""
	switch {
	case len(o.keys) > 0 && (byIdentity || byIssuer):
		return nil, cli.BadInput(errors.New("--key and --certificate-… are both given; a signer is a key or an identity"))
	case len(o.keys) > 0:
		return o.keySigners()
	case byIdentity != byIssuer:
		return nil, cli.BadInput(errors.New("an identity is only as good as who vouches for it: give both --certificate-identity[-regexp] and --certificate-oidc-issuer[-regexp]"))
	case !byIdentity:
		return nil, nil
	}
	identity, err := match("--certificate-identity-regexp", o.identity, o.identityRegexp)
	if err != nil {
		return nil, err
	}
	issuer, err := match("--certificate-oidc-issuer-regexp", o.issuer, o.issuerRegexp)
	if err != nil {
		return nil, err
	}
	return []*trust.Signer{{Where: trust.Caller, Identity: identity, Issuer: issuer, Needs: trust.DefaultNeeds}}, nil
}

func match(flag, exact, pattern string) (trust.Match, error) {
	m := trust.Match{Exact: exact}
	if pattern == "" {
		return m, nil
	}
	var err error
	if m.Pattern, err = regexp.Compile(pattern); err != nil {
		return m, cli.BadInput(fmt.Errorf("%s: %w", flag, err))
	}
	return m, nil
}

func (o *signerOptions) keySigners() ([]*trust.Signer, error) {
	s := &trust.Signer{Where: trust.Caller, Needs: trust.DefaultNeeds}
	for _, name := range o.keys {
		text, err := readFile(name, maxKeyFile)
		if err != nil {
			return nil, cli.BadInput(err)
		}
		keys, err := trust.ParseKeys(name, text)
		if err != nil {
			return nil, cli.BadInput(err)
		}
		s.Keys = append(s.Keys, keys...)
	}
	return []*trust.Signer{s}, nil
}
