package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"stellad/sbom"
)

// madeOptions say on the command line what an SBOM was made with, and of.
type madeOptions struct {
	scanner, image, database string
	config                   string
	sources, inputs          []string
}

func (o *madeOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.scanner, "scanner", "", "what made the SBOM, `NAME@VERSION` (default: what the SBOM names first)")
	flags.StringVar(&o.image, "scanner-digest", "", "the `digest` of the image that the scanner ran from")
	flags.StringVar(&o.database, "database-digest", "", "the `digest` of the scanner's database")
	flags.StringVar(&o.config, "config", "", "the scanner's configuration, a `file`, whose name and digest are kept")
	flags.StringArrayVar(&o.sources, "source", nil, "what was scanned, a `digest`, or NAME=sha256:…; may be repeated")
	flags.StringArrayVar(&o.inputs, "input", nil, "what the build took besides, likewise; may be repeated")
}

// metadata has no scanner where none was named.
func (o *madeOptions) metadata() (m sbom.Metadata, err error) {
	if m.Scanner, err = o.named(); err != nil {
		return m, err
	}
	if o.image != "" {
		if m.Scanner.Image, err = digestOf("--scanner-digest", o.image); err != nil {
			return m, err
		}
	}
	if o.database != "" {
		digest, err := digestOf("--database-digest", o.database)
		if err != nil {
			return m, err
		}
		m.Database = &sbom.Digest{Digest: digest}
	}
	if o.config != "" {
		if m.Configuration, err = fileInput(o.config); err != nil {
			return m, fmt.Errorf("--config %w", err)
		}
	}
	if m.Sources, err = inputs("--source", o.sources); err != nil {
		return m, err
	}
	m.Inputs, err = inputs("--input", o.inputs)
	return m, err
}

func (o *madeOptions) named() (sbom.Scanner, error) {
	at := strings.LastIndexByte(o.scanner, '@')
	switch {
	case o.scanner == "" && o.image != "":
		return sbom.Scanner{}, errors.New("--scanner-digest is of what --scanner names; give both")
	case o.scanner == "":
		return sbom.Scanner{}, nil
	case at <= 0 || at == len(o.scanner)-1:
		return sbom.Scanner{}, fmt.Errorf("--scanner %s: want NAME@VERSION", o.scanner)
	}
	return sbom.Scanner{Name: o.scanner[:at], Version: o.scanner[at+1:]}, nil
}

func digestOf(flag, text string) (string, error) {
	digits, is := strings.CutPrefix(text, "sha256:")
	if !is {
		return "", fmt.Errorf("%s %s: not a digest: sha256: comes first", flag, text)
	}
	sum, err := parseSHA256(digits)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", flag, text, err)
	}
	return "sha256:" + hex.EncodeToString(sum), nil
}

// inputs are called by their digest where they have no name.
func inputs(flag string, texts []string) (all []sbom.NamedInput, err error) {
	for _, text := range texts {
		s, err := parseSubject(text)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, text, err)
		}
		in := sbom.NamedInput{Name: s.Name, Digest: "sha256:" + s.Digest["sha256"]}
		if in.Name == "" {
			in.Name = in.Digest
		}
		all = append(all, in)
	}
	return all, nil
}

func fileInput(name string) (*sbom.NamedInput, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainly(err))
	}
	return &sbom.NamedInput{Name: filepath.Base(name), Digest: "sha256:" + hex.EncodeToString(h.Sum(nil))}, nil
}
