package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"stellad/hsm"
	"stellad/hsm/pkcs11"
	"stellad/hsm/server"
	"stellad/hsm/soft"
	"stellad/internal/cli"
	"stellad/internal/socket"
)

const (
	settling = 2 * time.Second // for the token, at a start
	grace    = 2 * time.Second // for calls under way, at a stop
	last     = time.Second     // in which callers are told that the PIN is refused, before the exit
)

// A keyring is a back end, and what it was opened with.
type keyring struct {
	server.Backend
	config config
	pin    *pkcs11.PIN
}

func runServe(cmd *cobra.Command, opts options) error {
	k, err := openKeyring(opts)
	if err != nil {
		return err
	}
	defer k.pin.Erase()
	listener, path, err := listen(k.config)
	if err != nil {
		return errors.Join(err, k.Close())
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	return k.serve(ctx, listener, path)
}

// openKeyring makes the process one that leaves no trace of the PIN, and opens what the configuration names.
func openKeyring(opts options) (*keyring, error) {
	if err := confine(); err != nil {
		return nil, err
	}
	signal.Ignore(syscall.SIGPIPE) // a log whose reader went away is no reason to stop
	c, err := readConfig(opts.config, opts.dev)
	if err != nil {
		return nil, cli.BadInput(err)
	}
	pin, err := readPIN(c)
	if err != nil {
		return nil, cli.BadInput(err)
	}
	k := &keyring{config: c, pin: pin}
	about := pkcs11.Config{Module: c.Module, Init: c.Init, Slot: c.Slot, PIN: pin, Sessions: c.Sessions}
	refused := checkRefused(refusedFile(), pin.Bytes(), c)
	switch {
	case errors.Is(refused, hsm.ErrPIN):
		k.Backend = pkcs11.Refused(about, refused)
	case refused != nil:
		err = refused
	case c.Soft != "":
		k.Backend, err = soft.Open(c.Soft, pin.Bytes())
	default:
		k.Backend, err = pkcs11.Open(about)
	}
	if err != nil {
		return nil, k.status(err)
	}
	return k, nil
}

// status gives an error the status that the process exits with for it.
func (k *keyring) status(err error) error {
	switch {
	case errors.Is(err, hsm.ErrPIN):
		return cli.Exit(statusPIN, err)
	case errors.Is(err, pkcs11.ErrHung):
		return cli.Exit(statusHung, err)
	}
	return cli.Exit(cli.StatusNoHSM, err)
}

// listen takes systemd's socket, or makes one, and says where clients find it.
func listen(c config) (net.Listener, string, error) {
	const name = "hsm"
	inherited, err := socket.Inherited(name)
	if err != nil {
		return nil, "", err
	}
	if l := inherited[name]; l != nil {
		return l, l.Addr().String(), nil
	}
	l, err := socket.Make(c.Socket)
	return l, c.Socket, err
}

func (k *keyring) serve(ctx context.Context, listener net.Listener, path string) error {
	s := server.New(k, k.config.uid)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(listener) }()
	slog.Info("ready", "socket", path, "module", k.config.Module, "slot", k.config.Slot)
	if k.config.Soft != "" {
		slog.Warn("the keys are in a file: this is NO HSM", "file", k.config.Soft)
	}
	before, err := k.settled(ctx)
	if err != nil {
		return k.lost(s, err)
	}
	slog.Info(before)
	tell(daemon.SdNotifyReady + "\nSTATUS=" + cli.Visible(before))
	watching, ended := context.WithCancel(ctx)
	defer ended()
	go k.watch(watching, before)
	select {
	case <-ctx.Done():
		tell(daemon.SdNotifyStopping)
		s.End(grace)
		return k.close()
	case err := <-failed:
		return errors.Join(err, k.close())
	case err := <-k.Fatal():
		return k.lost(s, err)
	}
}

// lost ends a process that is of no use any more.
func (k *keyring) lost(s *server.Server, err error) error {
	if errors.Is(err, hsm.ErrPIN) {
		if noted := noteRefused(refusedFile(), k.pin.Bytes(), k.config); noted != nil {
			slog.Error("the next start will try this PIN again", "error", noted)
		}
		time.Sleep(last)
	}
	s.End(0)
	return k.status(err)
}

// close ends the back end. A module that hangs or fails as it ends is told of, and is no failure: it is over.
func (k *keyring) close() error {
	if err := k.Close(); err != nil {
		slog.Warn("the module did not end in order", "error", err)
	}
	return nil
}

func tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		slog.Warn("systemd can't be told", "error", err)
	}
}

// settled gives the token a moment to be there when the service is started, and says how it stands; calls are answered
// already. An error is the reason for which the start fails.
func (k *keyring) settled(ctx context.Context) (string, error) {
	late := time.After(settling)
	for {
		s, err := k.Status(ctx)
		if err != nil || s.Token != nil {
			return line(s, err), nil
		}
		select {
		case err := <-k.Fatal():
			return "", err
		case <-late:
			return line(s, nil), nil
		case <-ctx.Done():
			return line(s, nil), nil
		case <-time.After(settling / 100):
		}
	}
}

// watch writes to the log, and to systemd's status line, when the token comes or goes.
func (k *keyring) watch(ctx context.Context, before string) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		s, err := k.Status(ctx)
		if now := line(s, err); now != before {
			slog.Info(now)
			tell("STATUS=" + cli.Visible(now))
			before = now
		}
	}
}

// line is a status in one line.
func line(s hsm.Status, err error) string {
	switch {
	case err != nil:
		return "status: " + err.Error()
	case s.Token == nil:
		return "out of service: " + s.LastError
	}
	return fmt.Sprintf("in service: %s, token %q, serial %s", s.Backend, s.Token.Label, s.Token.Serial)
}
