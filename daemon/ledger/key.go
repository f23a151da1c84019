package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"stellad/internal/durable"
	"stellad/tlog"
)

// key is the audit key, which signs checkpoints. It stands in a file that the daemon alone may read.
type key struct {
	signer note.Signer
	public *tlog.VerifierKey
	vkey   string
}

// origin is the name of an appliance's audit log, and of its key.
func origin(name string) string { return name + "/audit" }

// openKey reads the key, which must be vkey's; where that is "", it is made if it is not there. A crash after it was made and before genesis leaves a key that
// the next genesis takes.
func openKey(state, name, vkey string) (*key, error) {
	file := filepath.Join(state, "audit.key")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && vkey == "" {
		text, err = makeKey(file, name)
	}
	if err != nil {
		return nil, fmt.Errorf("the audit key: %w", err)
	}
	private, public, _ := strings.Cut(string(text), "\n")
	k := &key{vkey: strings.TrimSuffix(public, "\n")}
	if k.signer, err = note.NewSigner(private); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if k.public, err = tlog.ParseVerifierKey(k.vkey); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if vkey != "" && k.vkey != vkey {
		return nil, fmt.Errorf("%w: %s does not hold the key of genesis.json", ErrGenesis, file)
	}
	if k.public.Name() != origin(name) || k.signer.KeyHash() != k.public.KeyHash() {
		return nil, fmt.Errorf("%w: %s holds the key of %s", ErrGenesis, file, k.public.Name())
	}
	return k, nil
}

// makeKey writes the private key on the first line and the verifier key on the second.
func makeKey(file, name string) ([]byte, error) {
	private, public, err := note.GenerateKey(rand.Reader, origin(name))
	if err != nil {
		return nil, err
	}
	text := []byte(private + "\n" + public + "\n")
	return text, durable.Create(file, text, 0o600)
}

// sign makes the signed note of a checkpoint's text.
func (k *key) sign(text []byte) ([]byte, error) {
	return note.Sign(&note.Note{Text: string(text)}, k.signer)
}
