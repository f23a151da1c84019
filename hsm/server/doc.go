// Package server answers on hsm.sock with a back end's keys: a PKCS#11 module's, or a file's in a trial.
//
// Only processes of stellad's user get through the handshake, by the kernel's word. A call ends by the time that its
// caller gave it, or the longest there is for its kind; what it is about is checked here, once, for every back end.
package server

import (
	"context"

	"stellad/hsm"
)

// A Backend has one token's keys. Its methods may be called concurrently, and return by their context's deadline. They
// return the sentinels of package hsm.
type Backend interface {
	Status(context.Context) (hsm.Status, error) // at once
	Tokens(context.Context) ([]hsm.Token, error)

	Generate(context.Context, hsm.Template) (hsm.Attributes, error)
	CreateWrapping(ctx context.Context, label string, value []byte) (hsm.Attributes, error) // random where value is empty
	Keys(context.Context) ([]hsm.Attributes, error)
	Find(context.Context, hsm.Reference) (hsm.Attributes, error)
	Destroy(context.Context, hsm.Reference) error

	Sign(context.Context, hsm.Signing) ([]byte, error)

	Wrap(ctx context.Context, with, key hsm.Reference, m hsm.Mechanism) ([]byte, error)
	Unwrap(context.Context, hsm.Unwrapping) (hsm.Attributes, error)

	PutObject(ctx context.Context, label string, value []byte) error
	GetObject(ctx context.Context, label string) ([]byte, error)
	DeleteObject(ctx context.Context, label string) error

	// Fatal gives the reason for which the process is to be replaced, once there is one.
	Fatal() <-chan error
	Close() error
}
