package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"

	"stellad/internal/peercred"
)

// gate is the server's transport credentials: there is no cryptography in them, only the kernel's word on who connected.
type gate struct {
	uid  uint32
	free chan struct{} // a place for each connection
}

const protocol = "unix-peer"

type authInfo struct{ credentials.CommonAuthInfo }

func (authInfo) AuthType() string { return protocol }

// ServerHandshake lets in connections of the one user, before a byte is read.
func (g *gate) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	who, err := peercred.Of(conn)
	if err != nil {
		return nil, nil, err
	}
	if who.UID != g.uid {
		return nil, nil, fmt.Errorf("connection of uid %d: only uid %d may", who.UID, g.uid)
	}
	select {
	case g.free <- struct{}{}:
	default:
		return nil, nil, errors.New("all connections are taken")
	}
	common := credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity} // no byte leaves the kernel
	return &placed{Conn: conn, leave: sync.OnceFunc(func() { <-g.free })}, authInfo{common}, nil
}

// placed is a connection that gives its place back when it is closed.
type placed struct {
	net.Conn
	leave func()
}

func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close()
}

// ClientHandshake always fails: these are a server's credentials.
func (*gate) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("these are a server's credentials")
}

// Info names the protocol.
func (*gate) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: protocol}
}

// Clone returns g itself: its places are all servers' together.
func (g *gate) Clone() credentials.TransportCredentials { return g }

// OverrideServerName is for TLS; there are no names here.
func (*gate) OverrideServerName(string) error { return nil }
