package signing

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"stellad/attest"
	"stellad/attest/siglog"
	"stellad/attest/trust"
	"stellad/attest/tsa"
	"stellad/audit"
	"stellad/hsm"
	"stellad/keys"
	"stellad/store"
	"stellad/store/blobs"
	"stellad/tlog"
)

// A Service signs. It is safe for concurrent use.
type Service struct {
	name    string // the appliance's
	keys    *keys.Registry
	journal keys.Journal
	blobs   *blobs.Dir
	now     func() time.Time

	flights singleflight.Group // of requests, by their digest
	signing sync.RWMutex       // read-locked from before an intent is written until its end is: Settle sees none under way
	left    atomic.Bool        // an intent may be in the log whose end could not be written

	heads      chan struct{} // holds one: one checkpoint at a time, and who waits leaves by its deadline; guards what follows
	checkpoint []byte
	covers     uint64   // entries that checkpoint says are there
	logKey     *hsm.Key // that it is signed by
	logVKey    *tlog.VerifierKey

	mu       sync.Mutex // guards what follows, which a change of keys drops
	verifier *attest.Verifier
	stamper  *stamper
}

// A stamper is the timestamping authority of one key.
type stamper struct {
	*tsa.Authority
	key string // SHA-256 of the public key
}

// New makes the service of the appliance called name. The journal's store must have View and keys.View.
func New(name string, registry *keys.Registry, journal keys.Journal, content *blobs.Dir) *Service {
	return &Service{name: name, keys: registry, journal: journal, blobs: content, now: time.Now, heads: make(chan struct{}, 1)}
}

// KeysChanged has the next signature see the keys as they are now.
func (s *Service) KeysChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verifier, s.stamper = nil, nil
}

// Published returns the files of the trust root by which others verify.
func (s *Service) Published() ([]trust.File, error) {
	a, err := s.keys.Appliance()
	if err != nil {
		return nil, err
	}
	return a.Files()
}

// A Log is the signature log as it is now.
type Log struct {
	Origin string
	Size   uint64
	Time   time.Time // of its last entry; zero where there is none
}

// Log tells how far the signature log has come.
func (s *Service) Log() (Log, error) {
	state, err := s.head()
	l := Log{Origin: s.name, Size: state.Size}
	if err != nil || state.Size == 0 {
		return l, err
	}
	var last Signed
	err = s.journal.Read(func(tx *store.Tx) error { return tx.In(View).GetJSON(signedRow(state.Size-1), &last) })
	l.Time = last.Time
	return l, err
}

// check returns a verifier that holds what is published, and nothing else.
func (s *Service) check() (*attest.Verifier, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.verifier != nil {
		return s.verifier, nil
	}
	files, err := s.Published()
	if err != nil {
		return nil, err
	}
	t, err := trust.Parse(files)
	if err != nil {
		return nil, err
	}
	s.verifier = attest.NewVerifier(t)
	return s.verifier, nil
}

// authority returns the timestamping authority of the active key.
func (s *Service) authority() (*stamper, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stamper != nil {
		return s.stamper, nil
	}
	e, err := s.keys.TheActive(keys.Timestamp)
	if err != nil {
		return nil, err
	}
	key, err := s.keys.Signer(e)
	if err != nil {
		return nil, err
	}
	leaf, root, err := e.Certificates()
	if err != nil {
		return nil, err
	}
	a, err := tsa.NewAuthority(key, leaf, root)
	if err != nil {
		return nil, err
	}
	s.stamper = &stamper{a, e.SHA256()}
	return s.stamper, nil
}

// covering returns a checkpoint of the signature log that covers an entry, and the key it is signed by. Who waits for
// one that is being signed is mostly covered by it.
func (s *Service) covering(ctx context.Context, index uint64) ([]byte, *tlog.VerifierKey, error) {
	select {
	case s.heads <- struct{}{}:
		defer func() { <-s.heads }()
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("checkpoint of the signature log: %w: others wait for it: %w", hsm.ErrUnavailable, ctx.Err())
	}
	if err := s.useLogKey(); err != nil {
		return nil, nil, err
	}
	if index < s.covers {
		return s.checkpoint, s.logVKey, nil
	}
	state, err := s.head()
	if err != nil {
		return nil, nil, err
	}
	signer, err := tlog.NewNoteSigner(s.name, withContext(ctx, s.logKey))
	if err != nil {
		return nil, nil, err
	}
	note, err := signer.SignCheckpoint(tlog.Checkpoint{Origin: s.name, Size: state.Size, Root: state.Root})
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint of the signature log: %w", err)
	}
	s.checkpoint, s.covers = note, state.Size
	return note, s.logVKey, nil
}

// useLogKey has checkpoints signed by the active key of the log.
func (s *Service) useLogKey() error {
	e, err := s.keys.TheActive(keys.Log)
	if err != nil {
		return err
	}
	key, err := s.keys.Signer(e)
	if err != nil {
		return err
	}
	vkey, err := tlog.NewVerifierKey(s.name, key.Public())
	if err != nil {
		return err
	}
	if s.logVKey == nil || s.logVKey.String() != vkey.String() {
		s.logKey, s.logVKey, s.checkpoint, s.covers = key, vkey, nil, 0
	}
	return nil
}

func (s *Service) head() (state siglog.State, err error) {
	err = s.journal.Read(func(tx *store.Tx) error {
		state, err = headOf(tx.In(View))
		return err
	})
	return state, err
}

// Settle writes of the signatures that were cut short that nothing came of them. It waits for those under way, which end
// by themselves within hsm.CallLimit.
func (s *Service) Settle(ctx context.Context) error {
	s.signing.Lock()
	defer s.signing.Unlock()
	open, err := s.intents()
	for _, seq := range open {
		if err == nil {
			err = s.abandon(ctx, audit.Record{}, seq)
		}
	}
	if err == nil {
		s.left.Store(false)
	}
	return err
}

// SettleLeft is Settle where the log did not take the end of a signature; else it does nothing.
func (s *Service) SettleLeft(ctx context.Context) error {
	if !s.left.Load() {
		return nil
	}
	return s.Settle(ctx)
}

// intents returns the signatures of which the log does not say what came of them.
func (s *Service) intents() (open []uint64, err error) {
	err = s.journal.Read(func(tx *store.Tx) error {
		return tx.In(View).Each([]byte("intent/"), nil, func(key, _ []byte) error {
			seq, err := strconv.ParseUint(strings.TrimPrefix(string(key), "intent/"), 10, 64)
			open = append(open, seq)
			return err
		})
	})
	return open, err
}

func (s *Service) abandon(ctx context.Context, act audit.Record, intent uint64) error {
	act.Type, act.V, act.Outcome = "abandoned", 1, "failed"
	_, err := s.journal.Write(context.WithoutCancel(ctx), act, audit.Abandoned{Intent: intent}, nil)
	if err != nil {
		s.left.Store(true)
	}
	return err
}

// withContext has a key of the token sign by ctx's deadline.
func withContext(ctx context.Context, key *hsm.Key) contextSigner { return contextSigner{ctx, key} }
