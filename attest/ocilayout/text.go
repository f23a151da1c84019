package ocilayout

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"stellad/attest/strictjson"
)

// indexText and manifestText also take each other's members, to refuse a text
// that has both: it would be an index to one reader and a manifest to another.
type indexText struct {
	v1.IndexManifest
	Config jsontext.Value `json:"config"`
	Layers jsontext.Value `json:"layers"`
}

type manifestText struct {
	v1.Manifest
	Manifests jsontext.Value `json:"manifests"`
}

// decode reads the JSON text that stands at where. It refuses bad UTF-8, names
// that are there twice, and names that differ from T's in case alone.
func decode[T any](text []byte, where string) (*T, error) {
	err := boundArrays(text)
	if err == nil {
		var decoded *T
		if decoded, err = strictjson.Decode[T](text); err == nil {
			return decoded, nil
		}
	}
	return nil, notLayout("%s: %.300s: save the image again", where, printable(err))
}

// printable returns the message without what a text could smuggle to a terminal.
func printable(err error) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, err.Error())
}

// boundArrays keeps a text of many tiny elements from becoming descriptors that
// take fifty times its size.
func boundArrays(text []byte) error {
	tokens := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := tokens.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if kind, length := tokens.StackIndex(tokens.StackDepth()); kind == '[' && length > maxDescriptors {
			return fmt.Errorf("an array has more than %d elements", maxDescriptors)
		}
	}
}

// checkType checks what a manifest or an index says of itself against the
// descriptor's media type. Its own mediaType is optional (manifest.md).
func checkType(schema int64, own, described types.MediaType, where string) error {
	if schema != 2 {
		return notLayout("%s: schemaVersion is %d, not 2: save the image again", where, schema)
	}
	if own != "" && own != described {
		return notLayout("%s: its mediaType is %.100q, but %q was to be expected: save the image again", where, own, described)
	}
	return nil
}
