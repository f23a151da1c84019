package kind

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxToken bounds a text in JSON, in bytes: a bundle's payload has 16 MiB at most.
const maxToken = 32 << 20

// facts are members of an object by their paths ("document/category"): texts as they are, and of all else the first byte
// of its JSON. They are those that marks name.
type facts map[string]string

// A mark is what a kind's objects have and those of no other kind do: members of these paths, whose facts begin so.
type mark struct {
	kind Kind
	has  facts
}

var marks = []mark{
	{Bundle, facts{"mediaType": "application/vnd.dev.sigstore.bundle"}},
	{DSSE, facts{"payloadType": "", "payload": "", "signatures": "["}},
	{CycloneDX, facts{"bomFormat": "CycloneDX"}},
	{SPDX, facts{"spdxVersion": ""}},
	{OpenVEX, facts{"@context": "https://openvex.dev/ns"}},
	{CSAF, facts{"document/category": "", "document/csaf_version": ""}},
	{Grype, facts{"matches": "[", "descriptor": "{"}},
	{Trivy, facts{"SchemaVersion": "", "Results": ""}},
	{Trivy, facts{"SchemaVersion": "", "ArtifactName": ""}},
	{SARIF, facts{"version": "", "runs": "["}},
	{Statement, facts{"_type": "", "predicateType": "", "subject": "["}},
	{LogProof, facts{"logIndex": "", "inclusionProof": "{", "canonicalizedBody": ""}},
}

// named are the paths that marks name.
var named = func() map[string]bool {
	paths := map[string]bool{}
	for _, m := range marks {
		for path := range m.has {
			paths[path] = true
		}
	}
	return paths
}()

func (m mark) is(found facts) bool {
	for path, begins := range m.has {
		if value, there := found[path]; !there || !strings.HasPrefix(value, begins) {
			return false
		}
	}
	return true
}

// ofJSON reads the whole object: two marks that exclude each other may stand anywhere in it.
func ofJSON(b *bufio.Reader) (Kind, error) {
	if mark, err := b.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = b.Discard(3)
	}
	found, err := read(b)
	if err != nil {
		return "", err
	}
	var kinds []Kind
	for _, m := range marks {
		if m.is(found) && !slices.Contains(kinds, m.kind) {
			kinds = append(kinds, m.kind)
		}
	}
	switch len(kinds) {
	case 0:
		return "", fmt.Errorf("%w: a JSON object of another sort", ErrUnknown)
	case 1:
		return kinds[0], nil
	}
	return "", fmt.Errorf("%w: it has the marks of several: %v", ErrUnknown, kinds)
}

// A measured reader fails where one token is longer than maxToken.
type measured struct {
	r    io.Reader
	read int64
	d    *jsontext.Decoder
	err  error // of r
}

var errToken = errors.New("a text of more than 32 MiB")

func (m *measured) Read(p []byte) (int, error) {
	if m.read-m.d.InputOffset() > maxToken {
		return 0, errToken
	}
	n, err := m.r.Read(p)
	m.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

// read walks one object and nothing after it. Names that come twice in an object, and what is not UTF-8, are no JSON.
func read(r io.Reader) (facts, error) {
	m := &measured{r: r}
	m.d = jsontext.NewDecoder(m)
	found := facts{}
	err := m.walk(found)
	switch {
	case m.err != nil:
		return nil, m.err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return found, nil
}

func (m *measured) walk(found facts) error {
	for {
		token, err := m.d.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token.Kind() {
		case '}', ']':
			if m.d.StackDepth() == 0 {
				return m.end()
			}
		case '{', '[':
			m.note(found, m.d.StackDepth()-1, token)
		default:
			m.note(found, m.d.StackDepth(), token)
		}
	}
}

// note keeps a value that marks name: a member of the object, or of an object in it. Depth is how many values it is in.
func (m *measured) note(found facts, depth int, token jsontext.Token) {
	if depth < 1 || depth > 2 {
		return
	}
	in, members := m.d.StackIndex(depth)
	if in != '{' || members%2 == 1 {
		return // of an array, or a name
	}
	path := strings.TrimPrefix(string(m.d.StackPointer()), "/")
	if !named[path] {
		return
	}
	if found[path] = token.Kind().String(); token.Kind() == '"' {
		found[path] = token.String()
	}
}

// end refuses what follows the object.
func (m *measured) end() error {
	if _, err := m.d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("something follows the object"), err)
	}
	return nil
}
