package main

import (
	"crypto"
	_ "crypto/sha256" // the hashes by which an artifact may be signed
	_ "crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"stellad/attest"
	"stellad/attest/ocilayout"
	"stellad/internal/cli"
)

// artifactOptions name the artifact that a document is verified against.
type artifactOptions struct {
	file, digest, image string
}

func (o *artifactOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.file, "artifact", "", "the artifact, a `file`")
	flags.StringVar(&o.digest, "digest", "", "the artifact's `digest`: sha256: and 64 hexadecimal digits, sha384: or sha512:")
	flags.StringVar(&o.image, "image", "", "the artifact is a container image: an OCI image layout in a `tar` file")
	cmd.MarkFlagsMutuallyExclusive("artifact", "digest", "image")
}

// read gives nil where no artifact was named.
func (o *artifactOptions) read() (*attest.Artifact, error) {
	switch {
	case o.file != "":
		return fileArtifact(o.file)
	case o.digest != "":
		return digestArtifact(o.digest)
	case o.image != "":
		return imageArtifact(o.image)
	}
	return nil, nil
}

var artifactHashes = []struct {
	name string
	hash crypto.Hash
}{{"sha256", crypto.SHA256}, {"sha384", crypto.SHA384}, {"sha512", crypto.SHA512}}

// fileArtifact hashes a file of any size, once, by every hash that a document
// may speak of it in.
func fileArtifact(name string) (*attest.Artifact, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, cli.BadInput(err)
	}
	defer f.Close()
	hashers := map[crypto.Hash]hash.Hash{}
	var writers []io.Writer
	for _, h := range artifactHashes {
		hashers[h.hash] = h.hash.New()
		writers = append(writers, hashers[h.hash])
	}
	if _, err := io.Copy(io.MultiWriter(writers...), f); err != nil {
		return nil, cli.BadInput(fmt.Errorf("%s: %w", name, plainly(err)))
	}
	digests := attest.Digests{}
	for h, hasher := range hashers {
		digests[h] = hasher.Sum(nil)
	}
	return &attest.Artifact{Name: name, Kind: "file", Any: []attest.Digests{digests}}, nil
}

func digestArtifact(text string) (*attest.Artifact, error) {
	algorithm, digits, _ := strings.Cut(text, ":")
	for _, h := range artifactHashes {
		if h.name != algorithm {
			continue
		}
		sum, err := hex.DecodeString(digits)
		if err != nil || len(sum) != h.hash.Size() {
			return nil, cli.BadInput(fmt.Errorf("--digest %s: after %s: come %d hexadecimal digits", text, algorithm, 2*h.hash.Size()))
		}
		return &attest.Artifact{Kind: "digest given", Any: []attest.Digests{{h.hash: sum}}}, nil
	}
	return nil, cli.BadInput(fmt.Errorf("--digest %s: sha256:, sha384: or sha512: comes first", text))
}

// imageArtifact gives every digest by which an image may be signed, all bytes
// below it checked. An image that is not what its own digests say is a negative
// verdict, not bad input.
func imageArtifact(name string) (*attest.Artifact, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, cli.BadInput(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, cli.BadInput(fmt.Errorf("%s: %w", name, plainly(err)))
	}
	layout, err := ocilayout.Read(f, info.Size())
	switch {
	case errors.Is(err, ocilayout.ErrTampered):
		return &attest.Artifact{Name: name, Kind: "image", Flaw: err}, nil
	case errors.Is(err, ocilayout.ErrNotLayout):
		return nil, cli.BadInput(fmt.Errorf("%s: %w", name, err))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a := &attest.Artifact{Name: name, Kind: "image"}
	for _, image := range layout.Images {
		sum, err := hex.DecodeString(strings.TrimPrefix(image.Digest, "sha256:"))
		if err != nil {
			return nil, fmt.Errorf("%s: digest %s: %w", name, image.Digest, err)
		}
		a.Any = append(a.Any, attest.Digests{crypto.SHA256: sum})
		a.Kinds = append(a.Kinds, "image "+image.Kind)
	}
	return a, nil
}
