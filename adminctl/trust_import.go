package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stellad/attest/trust"
	"stellad/internal/cli"
)

type trustImportOptions struct {
	trustRoot string
	as        string
	output    output
}

func newTrustImportCmd() *cobra.Command {
	var opts trustImportOptions
	cmd := &cobra.Command{
		Use:   "import DIR",
		Short: "Make a trust root a part of another",
		Long: `Copy a trust root, such as "trust export" writes, into a folder of the trust root, and
show what it brings. From then on whom DIR accepts is accepted here: look at it with
"trust show --trust-root DIR" first, and compare its SHA-256 with one that came another way.

Where a signers.toml stands in the trust root itself, it alone says who is accepted: what
it does not name counts for nothing, and standard error says so.

All is checked before the folder appears, whole, and again after. It takes no other
one's place: a newer export gets another name, or the old folder is removed first. The
daemon takes up /etc/stella/trust by itself. No daemon is asked.`,
		Example: `  adminctl trust import /media/stick/stella-trust --as site-b
  stella trust import stella-trust --trust-root roots/ -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runTrustImport(cmd, opts, args[0]) },
	}
	addTrustRootFlags(cmd, &opts.trustRoot)
	cmd.Flags().StringVar(&opts.as, "as", "", "the folder's `name` in the trust root; default, that of DIR")
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runTrustImport(cmd *cobra.Command, opts trustImportOptions, dir string) error {
	files, brings, err := readPart(dir)
	if err != nil {
		return cli.BadInput(err)
	}
	place, err := opts.place(dir)
	if err != nil {
		return cli.BadInput(err)
	}
	answer, err := place.take(files, brings)
	if err != nil {
		return err
	}
	if len(answer.Ignored) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: a signers.toml above does not name these, so they count for nothing: %s\n",
			cmd.Root().Name(), cli.Visible(strings.Join(answer.Ignored, ", ")))
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return answer.print(cmd.OutOrStdout(), place.root)
}

// readPart reads the trust root that is to be a part of another.
func readPart(dir string) ([]trust.File, *trust.Trust, error) {
	if exists(dir) && !isFolder(dir) {
		return nil, nil, fmt.Errorf("%s: a trust root to import is a folder; put the file into one", dir)
	}
	files, err := trust.Files(dir)
	if err != nil {
		return nil, nil, err
	}
	brings, err := trust.Parse(files)
	if err != nil {
		return nil, nil, fmt.Errorf("%w %s: %w", trust.ErrTrust, dir, err)
	}
	return files, brings, nil
}

// place finds where the part is to stand.
func (o trustImportOptions) place(dir string) (*trustPlace, error) {
	whole, err := filepath.Abs(dir) // "." has no name
	if err != nil {
		return nil, err
	}
	name := cmp.Or(o.as, filepath.Base(whole))
	if err := checkPartName(name); err != nil {
		return nil, err
	}
	root, _ := trustRootDir(o.trustRoot)
	place, err := newTrustPlace(root, name)
	if err == nil && (liesBelow(filepath.Join(dir, "x"), root) || liesBelow(filepath.Join(root, "x"), dir)) {
		err = fmt.Errorf("%s: it lies in the trust root %s, or around it", dir, root)
	}
	return place, err
}

// take copies the files into the place. All that can be wrong with them is found before: a daemon looks at the folder.
func (p *trustPlace) take(files []trust.File, brings *trust.Trust) (trustImportAnswer, error) {
	answer := trustImportAnswer{Name: p.name, Brings: trustAnswerOf(brings), Ignored: []string{}}
	if p.holds(files) {
		now, err := p.with(nil)
		if err != nil {
			return answer, cli.BadInput(err)
		}
		answer.settled(now, brings)
		return answer, nil
	}
	if err := vacant(p.folder()); err != nil {
		return answer, cli.BadInput(fmt.Errorf("%s: %w; --as gives another name", p.folder(), err))
	}
	if _, err := p.with(files); err != nil {
		return answer, cli.BadInput(err)
	}
	if err := writeTrust(p.folder(), files, brings); err != nil {
		return answer, fmt.Errorf("%s: %w", p.folder(), err)
	}
	now, err := p.settle()
	if err != nil {
		return answer, err
	}
	answer.Imported = true
	answer.settled(now, brings)
	return answer, nil
}

// trustImportAnswer is the JSON of an import.
type trustImportAnswer struct {
	Name     string      `json:"name"`
	Imported bool        `json:"imported"` // false: it was there, the same
	SHA256   string      `json:"sha256"`   // of the whole trust root, as it is now
	Ignored  []string    `json:"ignored"`  // keys, and signers by file and line, that count for nothing
	Brings   trustAnswer `json:"brings"`
}

// settled tells what of the part counts in the trust root.
func (a *trustImportAnswer) settled(now, brings *trust.Trust) {
	a.SHA256 = now.Digest
	accepted := map[string]bool{}
	for _, s := range now.Signers {
		accepted[s.Where] = true
		for _, k := range s.Keys {
			accepted[k.Name] = true
		}
	}
	ignore := func(name string) {
		if name = a.Name + "/" + name; !accepted[name] && !slices.Contains(a.Ignored, name) {
			a.Ignored = append(a.Ignored, name)
		}
	}
	for _, s := range brings.Signers {
		for _, k := range s.Keys {
			ignore(k.Name)
		}
		if len(s.Keys) == 0 {
			ignore(s.Where)
		}
	}
}

func (a trustImportAnswer) print(w io.Writer, root string) error {
	done, is := "imported into", "is now"
	if !a.Imported {
		done, is = "is already in", "is"
	}
	fmt.Fprintf(w, "%s %s %s, which %s sha256:%s\n\nit brings:\n\n", cli.Visible(a.Name), done, cli.Visible(root), is, a.SHA256)
	return a.Brings.print(w)
}
