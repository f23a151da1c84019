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

// A Key is the audit key, which signs checkpoints.
type Key struct {
	Public *tlog.VerifierKey // its name is the log's origin

	// Sign makes the signed note of a checkpoint's text. It may be slow, and may fail: no record waits for it.
	Sign func(text []byte) ([]byte, error)
}

// Origin is the name of an appliance's audit log, and of its key.
func Origin(name string) string { return name + "/audit" }

// keyFile is where a key stands that is in no HSM.
const keyFile = "audit.key"

// FileKey is the audit key of an appliance without an HSM. It stands in a file of the state folder that the daemon alone
// may read, and must be vkey's, else errors wrap ErrGenesis; where vkey is "", it is made if it is not there. A crash
// after it was made and before genesis leaves a key that the next genesis takes.
func FileKey(state, name, vkey string) (*Key, error) {
	file := filepath.Join(state, keyFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && vkey == "" {
		text, err = makeKey(file, name)
	}
	if err != nil {
		return nil, fmt.Errorf("the audit key: %w", err)
	}
	private, public, _ := strings.Cut(string(text), "\n")
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	k := &Key{Sign: func(text []byte) ([]byte, error) { return note.Sign(&note.Note{Text: string(text)}, signer) }}
	if k.Public, err = tlog.ParseVerifierKey(strings.TrimSuffix(public, "\n")); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if vkey != "" && k.Public.String() != vkey {
		return nil, fmt.Errorf("%w: %s does not hold the key of genesis.json", ErrGenesis, file)
	}
	if k.Public.Name() != Origin(name) || signer.KeyHash() != k.Public.KeyHash() {
		return nil, fmt.Errorf("%w: %s holds the key of %s", ErrGenesis, file, k.Public.Name())
	}
	return k, nil
}

// makeKey writes the private key on the first line and the verifier key on the second.
func makeKey(file, name string) ([]byte, error) {
	private, public, err := note.GenerateKey(rand.Reader, Origin(name))
	if err != nil {
		return nil, err
	}
	text := []byte(private + "\n" + public + "\n")
	return text, durable.Create(file, text, 0o600)
}

// ErrOlder is wrapped where a checkpoint was signed of which the log does not have all: the state folder is one of
// before it.
var ErrOlder = errors.New("the audit log is older than a checkpoint of it that was signed")

// Holds tells whether the log has what a checkpoint says, which was kept outside the state folder: else it wraps ErrOlder,
// or tlog's for a checkpoint that is not the log's.
func (l *Ledger) Holds(note []byte) error {
	c, err := tlog.OpenCheckpoint(note, l.key.Public.Name(), []*tlog.VerifierKey{l.key.Public}, tlog.Quorum{})
	if err != nil {
		return err
	}
	if size := l.State().Size; c.Size > size {
		return fmt.Errorf("%w: it has %d records, and %d were signed", ErrOlder, size, c.Size)
	}
	root, err := l.journal.RootAt(c.Size)
	if err == nil && root != c.Root {
		err = fmt.Errorf("%w: its first %d records are others than those that were signed", ErrOlder, c.Size)
	}
	return err
}

// Checkpoint signs a checkpoint of the log as it is, and returns the note.
func (l *Ledger) Checkpoint() ([]byte, error) { return l.journal.Checkpoint() }
