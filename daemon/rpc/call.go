package rpc

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/status"

	"stellad/access"
	"stellad/api"
	"stellad/daemon/ledger"
)

// A call is one call while it is under way.
type call struct {
	guard  *Guard
	number uint64
	method api.Method
	actor  access.Actor
	start  time.Time
}

var (
	started = func() string { b := make([]byte, 4); _, _ = rand.Read(b); return hex.EncodeToString(b) }()
	calls   atomic.Uint64
)

// id names the call for the log and for who asks about it: this process and a number.
func (c *call) id() string { return fmt.Sprintf("%s-%d", started, c.number) }

type callKey struct{}

// Actor returns who the call that ctx belongs to comes from. Handlers have it always.
func Actor(ctx context.Context) access.Actor {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.actor
	}
	return access.Actor{}
}

// entry is the call as the audit log has it.
func (c *call) entry() *ledger.Call {
	return &ledger.Call{Actor: c.actor, Socket: c.guard.Socket, Method: c.method.Name, Request: c.id()}
}

// Entry returns the call that ctx belongs to, as the audit log has it.
func Entry(ctx context.Context) *ledger.Call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.entry()
	}
	return nil
}

// Told returns what a client is told of an error that does not end its call, and logs it if it is a fault.
func Told(ctx context.Context, err error) error {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		told, _ := StatusOf(err, "")
		return told
	}
	told, fault := StatusOf(err, c.id())
	if fault {
		c.guard.log(ctx, slog.LevelError, c, status.Code(told), err)
	}
	return told
}
