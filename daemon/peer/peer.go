// Package peer tells who is at the other end of a Unix socket: the user, the group and the supplementary groups that
// the kernel recorded when the client connected. A process ID is never asked for: it may be another's by the time it is
// looked at.
package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
	grpcpeer "google.golang.org/grpc/peer"

	"stellad/access"
)

const protocol = "unix-peer"

// Credentials are a server's transport credentials: there is no cryptography in them, only the kernel's word. Admit is
// asked for each connection before a byte of it is read; what it returns is called when the connection has ended.
type Credentials struct {
	Admit func(access.Actor) (release func(), err error)
}

// authInfo is how a connection's actor reaches its calls.
type authInfo struct {
	credentials.CommonAuthInfo
	actor access.Actor
}

func (authInfo) AuthType() string { return protocol }

// From returns the actor of the call that ctx belongs to. Without one, the call came over no socket of ours.
func From(ctx context.Context) (access.Actor, bool) {
	p, ok := grpcpeer.FromContext(ctx)
	if !ok {
		return access.Actor{}, false
	}
	auth, ok := p.AuthInfo.(authInfo)
	return auth.actor, ok
}

// ServerHandshake reads the peer's credentials.
func (c Credentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	actor, err := Of(conn)
	if err != nil {
		return nil, nil, err
	}
	release, err := c.Admit(actor)
	if err != nil {
		return nil, nil, fmt.Errorf("connection of uid %d: %w", actor.UID, err)
	}
	common := credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity} // no byte leaves the kernel
	return &admitted{Conn: conn, release: sync.OnceFunc(release)}, authInfo{common, actor}, nil
}

// admitted is a connection that gives its place back when it is closed.
type admitted struct {
	net.Conn
	release func()
}

func (a *admitted) Close() error {
	defer a.release()
	return a.Conn.Close()
}

// ClientHandshake always fails: these are a server's credentials.
func (Credentials) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("peer: a client needs no credentials on a Unix socket")
}

// Info names the protocol.
func (Credentials) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: protocol}
}

// Clone returns c itself, which nobody can change.
func (c Credentials) Clone() credentials.TransportCredentials { return c }

// OverrideServerName is for TLS; there are no names here.
func (Credentials) OverrideServerName(string) error { return nil }
