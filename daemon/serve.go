package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"stellad/api"
	"stellad/daemon/notify"
	"stellad/internal/socket"
)

// grace is how long calls under way may take to end when the daemon stops. All of a stop takes less than 10 s.
const grace = 5 * time.Second

// Run serves until ctx ends, and reloads whenever reload says so. It is called once.
func (d *Daemon) Run(ctx context.Context, reload <-chan os.Signal) error {
	defer d.unlock()
	listeners, err := d.listen()
	if err != nil {
		return err
	}
	tell := notify.Notifier{Log: d.log}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var serving, beside sync.WaitGroup
	for name, l := range listeners {
		serving.Go(func() {
			if err := d.servers[name].Serve(l.Listener); err != nil {
				cancel(fmt.Errorf("%s: %w", l.path, err))
			}
		})
	}
	beside.Go(func() { d.watch(ctx) })
	beside.Go(func() { d.keepLedger(ctx) })
	beside.Go(func() { d.keepToken(ctx) })
	beside.Go(func() {
		select {
		case err := <-d.failed:
			cancel(err)
		case <-ctx.Done():
		}
	})
	beside.Go(func() { tell.Watchdog(ctx, prober(d.turns, listeners[api.VerifySocket].path).probe) })
	d.log.Info("ready", "admin", listeners[api.AdminSocket].path, "verify", listeners[api.VerifySocket].path)
	tell.Ready(d.Status())
	d.reloadUntil(ctx, reload, tell)

	tell.Stopping()
	d.log.Info("stopping")
	d.end()
	serving.Wait()
	beside.Wait()
	if err := d.closeLedger(); err != nil {
		d.log.Error("the audit log was not closed in order", "error", err)
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (d *Daemon) reloadUntil(ctx context.Context, reload <-chan os.Signal, tell notify.Notifier) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-reload:
			tell.Reloading()
			if err := d.Reload(ctx); err != nil {
				d.log.Error("the reload left something as it was", "error", err)
				tell.Ready("reload refused: " + err.Error())
				continue
			}
			d.log.Info("reloaded")
			tell.Ready(d.Status())
		}
	}
}

// keepLedger looks after the audit log, from genesis on.
func (d *Daemon) keepLedger(ctx context.Context) {
	for d.ledger.Load() == nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second): // genesis comes once in a life
		}
	}
	d.ledger.Load().Keep(ctx)
}

// watch takes up changes of the trust root. Where the kernel can't tell of them, a reload is what is left.
func (d *Daemon) watch(ctx context.Context) {
	if err := d.judge.Watch(ctx, func() { d.loadTrust(ctx) }); err != nil {
		d.log.Error("changes of the trust root are taken up by a reload alone", "error", err)
	}
}

// end stops all servers at once.
func (d *Daemon) end() {
	d.health.Shutdown()
	var ending sync.WaitGroup
	for _, s := range d.servers {
		ending.Go(func() { s.End(grace) })
	}
	ending.Wait()
}

// listening is a listener and where clients find it.
type listening struct {
	net.Listener
	path string
}

// listen takes systemd's sockets, or makes its own.
func (d *Daemon) listen() (map[string]listening, error) {
	all := map[string]listening{}
	inherited, err := socket.Inherited(api.AdminSocket, api.VerifySocket)
	if err != nil {
		return nil, err
	}
	for name, l := range inherited {
		all[name] = listening{l, l.Addr().String()}
	}
	if len(all) > 0 {
		return all, nil
	}
	for _, name := range []string{api.AdminSocket, api.VerifySocket} {
		path := filepath.Join(d.config.Run, name+".sock")
		l, err := socket.Make(path)
		if err != nil {
			return nil, err
		}
		all[name] = listening{l, path}
	}
	return all, nil
}

// ErrRunning is returned where another daemon has the same state.
var ErrRunning = errors.New("another stellad is running")

// lock keeps the state folder to one daemon. The kernel gives the lock back when the process ends, however it ends.
func lock(state string) (unlock func(), err error) {
	name := filepath.Join(state, "lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%w: it holds %s", ErrRunning, name)
	}
	return func() { _ = f.Close() }, nil
}
