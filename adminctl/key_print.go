package main

import (
	"cmp"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"stellad/internal/cli"
)

// warnSoft says loudly, whatever the form of the results, which keys are in no HSM.
func warnSoft(cmd *cobra.Command, keys ...applianceKey) {
	var labels []string
	for _, k := range keys {
		if k.soft() {
			labels = append(labels, cli.Visible(k.Label))
		}
	}
	if len(labels) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: these keys are in a file: this is no HSM: %s\n", cmd.Root().Name(), strings.Join(labels, ", "))
	}
}

// shortDigest is how many digits of a SHA-256 a table has: enough to tell keys apart, and taken by "key show".
const shortDigest = 12

func printKeys(w io.Writer, keys []applianceKey) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "label\trole\tstate\talgorithm\tcustody\tsince\tsha256")
	for _, k := range keys {
		short := k.SHA256[:min(shortDigest, len(k.SHA256))]
		cells := []string{k.Label, k.Role, k.State, k.Algorithm, k.kept(), instant(k.since()), short}
		for i, cell := range cells {
			cells[i] = cmp.Or(cli.Visible(cell), "-")
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// kept is the custody, and the mark of a key that is in no HSM.
func (k applianceKey) kept() string {
	if k.soft() {
		return k.Custody + ", IN A FILE"
	}
	return k.Custody
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// facts prints all that is known of the key. Successor is the label of the key that took its place, where it is known.
func (k applianceKey) facts(w io.Writer, successor string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, cli.Visible(text))
		}
	}
	row("label", k.Label)
	row("role", k.Role)
	row("state", k.State)
	row("algorithm", k.Algorithm)
	row("custody", k.kept())
	row("backend", k.Backend)
	row("sha256", k.SHA256)
	row("id", k.ID)
	row("made", instant(k.Made))
	row("active from", instant(k.From))
	row("until", instant(k.Until))
	row("compromised from", instant(k.Compromised))
	row("destroyed", instant(k.Destroyed))
	row("successor", strings.TrimSpace(successor+" "+k.Successor))
	for _, text := range k.Chain {
		row("certificate", certificate(text))
	}
	return t.Flush()
}

// certificate names one in a line, and says so where the daemon sent none.
func certificate(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "unreadable"
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "unreadable: " + hex.EncodeToString(block.Bytes[:min(16, len(block.Bytes))])
	}
	return cert.Subject.String() + ", " + span(cert.NotBefore, cert.NotAfter)
}
