// Package rpc makes the daemon's gRPC servers. Every call, unary or stream, on either socket, goes the same way:
//
//	connection  the kernel's credentials; its user's share of connections         (daemon/peer, Server)
//	headers     its user's share of calls; the time in which a call must be whole  (Server)
//	call        an ID, the log, the counters, a panic's net                        (Guard)
//	            is the method there before genesis; does the policy permit it      (Guard)
//	handler     thin: it turns a message into a domain's question and back
//	error       a code and a reason, by one table; what is not in it is redacted   (StatusOf)
package rpc

import "errors"

// ErrBadRequest is wrapped where a request's field is missing or is not what it should be; the message names the field.
var ErrBadRequest = errors.New("bad request")

// ErrNotInitialised is returned for a method that does not work before genesis.
var ErrNotInitialised = errors.New("the appliance is not initialised: run stellad init, as root")

// ErrOverloaded is returned to a user whose fair share of calls is under way.
var ErrOverloaded = errors.New("too many calls of this user are under way: wait for one to end")

// ErrNoPeer is returned for a call of which the kernel did not say whose it is.
var ErrNoPeer = errors.New("no peer credentials")
