package daemon

import (
	"context"
	"errors"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/ledger"
	"stellad/hsm"
)

// settle is how often is tried to finish what waits for the token.
const settle = time.Second

// soon is how long a start waits for the keys. Without them it goes on, and keepToken tries again.
const soon = 2 * time.Second

// establishSoon has a daemon whose token is at hand start with its keys in place.
func (d *Daemon) establishSoon(ctx context.Context) {
	if d.token == nil || d.genesis.Load() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	_ = d.establishAndTell(ctx) // keepToken goes on
}

// keepToken brings the appliance's keys to where they should be, from genesis on, looks after them, and again does what an
// act left undone. While the token is away, it waits.
func (d *Daemon) keepToken(ctx context.Context) {
	if d.token == nil {
		return
	}
	for d.untilInPlace(ctx) {
		d.log.Info("the keys are in place")
		if !d.whileInPlace(ctx) {
			return
		}
	}
}

// untilInPlace tries until the keys are where they should be; false where they never will be.
func (d *Daemon) untilInPlace(ctx context.Context) bool {
	for {
		err := d.establishAndTell(ctx)
		switch {
		case err == nil:
			return true
		case errors.Is(err, ledger.ErrOlder):
			d.fail(err)
			return false
		case !pause(ctx, settle):
			return false
		}
	}
}

// whileInPlace looks after the token until an act leaves something undone, or a key is missing; false where ctx ends.
func (d *Daemon) whileInPlace(ctx context.Context) bool {
	for {
		if err := d.signs.Load().SettleLeft(ctx); err != nil {
			d.log.Debug("what became of a signature waits for the audit log", "error", err)
		}
		if !d.lookAtToken(ctx) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-d.unfinished:
			return true
		case <-time.After(lookAgain):
		}
	}
}

// errUnseen is why keys wait that nobody looked at yet.
var errUnseen = errors.New("the keys were not looked at yet")

// pause waits, and tells whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// establishAndTell is establish; the log is told when what it waits for changes.
func (d *Daemon) establishAndTell(ctx context.Context) error {
	before := d.waits.Load()
	err := d.establish(ctx)
	if err == nil && d.signs.Load() == nil {
		err = errors.New("genesis is yet to come")
	}
	d.signing(err == nil)
	if err == nil {
		d.waits.Store(nil)
		return nil
	}
	d.waits.Store(&err)
	if (before == nil || (*before).Error() != err.Error()) && ctx.Err() == nil {
		d.log.Warn("the keys wait", "error", err)
	}
	return err
}

// lookAgain is how often a token that has all its keys is looked at.
const lookAgain = 5 * time.Second

// lookAtToken tells the health service how the token is, and settles what an outage left; false where the token is there,
// and one of the keys is not.
func (d *Daemon) lookAtToken(ctx context.Context) bool {
	status, err := d.token.Status(ctx)
	there := err == nil && status.Token != nil && status.LoggedIn
	d.signing(there)
	if !there {
		return true
	}
	keeps := d.signs.Load().Registry
	// The token may have a key of which the log does not say so.
	if err := keeps.Settle(ctx); err != nil && ctx.Err() == nil {
		d.log.Warn("what became of a key is not known yet", "error", err)
	}
	err = keeps.Present(ctx)
	return !errors.Is(err, hsm.ErrNoKey) && !errors.Is(err, hsm.ErrAmbiguous)
}

// signing tells the health service whether signatures can be had.
func (d *Daemon) signing(can bool) {
	serving := healthpb.HealthCheckResponse_NOT_SERVING
	if can {
		serving = healthpb.HealthCheckResponse_SERVING
	}
	d.health.SetServingStatus(stellav1.SigningService_ServiceDesc.ServiceName, serving)
}
