package rfc3161

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // the hashes that an imprint may use
	_ "crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/digitorus/pkcs7"

	"stellad/attest/certpath"
)

// ErrTimestamp is wrapped by every reason for which a timestamp is refused.
var ErrTimestamp = errors.New("timestamp does not verify")

// ErrUnknown is wrapped beside it where the token is well formed and its signer
// is none of the authority's: it may be another authority's.
var ErrUnknown = errors.New("its signer is not one of this authority's")

// ErrToken is wrapped beside it where the bytes hold no token at all: another file,
// or an answer by which an authority refused.
var ErrToken = errors.New("not a timestamp token")

// Timestamp is what a token that verified says.
type Timestamp struct {
	Time      time.Time     // the token's genTime, in UTC
	Accuracy  time.Duration // to either side of Time, by the authority's claim; 0 where it claims none
	Serial    string        // of the token, in hex, the authority's own
	Authority string        // the URI of the authority, as its trust root names it
	Signer    string        // the signing certificate's subject
}

// Verify checks a timestamp over message. The token is the DER of a
// TimeStampResp or of a bare TimeStampToken. Errors wrap ErrTimestamp.
func (a *Authority) Verify(token, message []byte) (*Timestamp, error) {
	return a.verify(token, func(hash crypto.Hash) ([]byte, error) {
		h := hash.New()
		h.Write(message)
		return h.Sum(nil), nil
	})
}

// VerifyDigest is Verify for a message known by its digest, which must be of
// the hash that the token's imprint uses.
func (a *Authority) VerifyDigest(token []byte, hash crypto.Hash, digest []byte) (*Timestamp, error) {
	return a.verify(token, func(asked crypto.Hash) ([]byte, error) {
		if asked != hash {
			return nil, fmt.Errorf("its imprint is by %s, the digest by %s", asked, hash)
		}
		return digest, nil
	})
}

// VerifyDigests is Verify for a message known by its digests, of which there must be
// one by the hash that the token's imprint uses: SHA-256, SHA-384 or SHA-512.
func (a *Authority) VerifyDigests(token []byte, digests map[crypto.Hash][]byte) (*Timestamp, error) {
	return a.verify(token, func(asked crypto.Hash) ([]byte, error) {
		if digests[asked] == nil {
			return nil, fmt.Errorf("its imprint is by %s, of which no digest is known", asked)
		}
		return digests[asked], nil
	})
}

func (a *Authority) verify(der []byte, digest func(crypto.Hash) ([]byte, error)) (*Timestamp, error) {
	stamp, err := a.judge(der, digest)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	return stamp, nil
}

func (a *Authority) judge(der []byte, digest func(crypto.Hash) ([]byte, error)) (*Timestamp, error) {
	t, err := parse(der)
	if err != nil {
		return nil, plainly(err)
	}
	want, err := digest(t.info.HashAlgorithm)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(want, t.info.HashedMessage) {
		return nil, errors.New("it was made over other bytes")
	}
	signer, err := a.signer(t)
	if err != nil {
		return nil, err
	}
	if err := t.namesSigner(signer); err != nil {
		return nil, err
	}
	if err := a.inSpan(t.info.Time); err != nil {
		return nil, err
	}
	return &Timestamp{
		Time: t.info.Time.UTC(), Accuracy: t.info.Accuracy, Serial: t.info.SerialNumber.Text(16), Authority: a.uri, Signer: signer.Subject.String(),
	}, nil
}

// signer gives the certificate that signed the token, with its signature and
// its path to a root checked at the token's time. The signature of a token that
// brings certificates was checked, as it was parsed, with the one that its
// signer identifier names; the same one is looked up here.
func (a *Authority) signer(t *token) (*x509.Certificate, error) {
	path, err := a.pathOf(t.cms.SignerInfos[0].ID)
	if err != nil {
		return nil, err
	}
	if t.embedded {
		return a.embeddedSigner(t, path)
	}
	if path == nil {
		return nil, fmt.Errorf("%w, and the token brings no certificate", ErrUnknown)
	}
	t.p7.Certificates = path[:1]
	if err := t.p7.Verify(); err != nil {
		return nil, plainly(err)
	}
	return path[0], certpath.ValidAt(path, t.info.Time)
}

// plainly says in one line what the CMS library says in three.
func plainly(err error) error {
	var changed *pkcs7.MessageDigestMismatchError
	if errors.As(err, &changed) {
		return errors.New("its content was changed after it was signed")
	}
	return err
}

func (a *Authority) embeddedSigner(t *token, path []*x509.Certificate) (*x509.Certificate, error) {
	signer := t.p7.GetOnlySigner()
	if signer == nil {
		return nil, errors.New("its signer's certificate is not in the token")
	}
	if path != nil {
		if !signer.Equal(path[0]) {
			return nil, errors.New("the certificate in the token is not the authority's")
		}
		return signer, certpath.ValidAt(path, t.info.Time)
	}
	if len(a.signers) > 0 {
		return nil, ErrUnknown
	}
	return signer, a.embeddedPath(t, signer)
}

// embeddedPath leads a signer that came inside the token to a root. The other
// certificates inside may help on the way.
func (a *Authority) embeddedPath(t *token, signer *x509.Certificate) error {
	if err := checkSigner(signer); err != nil {
		return fmt.Errorf("signer %q: %w", signer.Subject, err)
	}
	between := a.between.Clone()
	for _, c := range t.p7.Certificates {
		between.AddCert(c)
	}
	opts := a.options(between)
	opts.CurrentTime = t.info.Time
	_, err := signer.Verify(opts)
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return err
}

// pathOf gives the path of the signer that a token names, or nil where it is
// none of the authority's.
func (a *Authority) pathOf(id issuerAndSerial) ([]*x509.Certificate, error) {
	for _, s := range a.signers {
		c := s.path[0]
		if c.SerialNumber.Cmp(id.Serial) != 0 || !bytes.Equal(c.RawIssuer, id.Issuer.FullBytes) {
			continue
		}
		if s.flaw != nil {
			return nil, fmt.Errorf("signer %q: %w", c.Subject, s.flaw)
		}
		return s.path, nil
	}
	return nil, nil
}

func (a *Authority) inSpan(at time.Time) error {
	if !a.start.IsZero() && at.Before(a.start) {
		return fmt.Errorf("%s is before the authority's first day, %s", at.UTC().Format(time.RFC3339), a.start.UTC().Format(time.RFC3339))
	}
	if !a.end.IsZero() && at.After(a.end) {
		return fmt.Errorf("%s is after the authority's last day, %s", at.UTC().Format(time.RFC3339), a.end.UTC().Format(time.RFC3339))
	}
	return nil
}
