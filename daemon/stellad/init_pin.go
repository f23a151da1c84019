package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/term"

	"stellad/internal/cli"
	"stellad/internal/durable"
)

// A pinStep hands the PIN over to the service, and tries it.
type pinStep struct {
	file  string // that has the PIN; "" to ask for it, where there is none yet
	wrote bool   // the credential is this run's
}

// handOver encrypts the PIN for this host, so that only systemd hands it to the service. A credential of another PIN is
// replaced where a file is given: that is the newer.
func (p *pinStep) handOver(ctx context.Context) (string, error) {
	if _, err := os.Stat(credential); err == nil && p.file == "" {
		return credential + " has a PIN, and is left as it is", nil
	}
	pin, err := p.read()
	if err != nil {
		return "", cli.BadInput(err)
	}
	defer clear(pin)
	if err := os.MkdirAll(filepath.Dir(credential), 0o700); err != nil {
		return "", err
	}
	if err := runWith(ctx, pin, "systemd-creds", "encrypt", "--name=pin", "-", credential); err != nil {
		return "", fmt.Errorf("encrypt the PIN: %w", err)
	}
	p.wrote = true
	if err := os.MkdirAll(filepath.Dir(dropIn), 0o755); err != nil {
		return "", err
	}
	text := "[Service]\nLoadCredentialEncrypted=pin:" + credential + "\n"
	if err := durable.Replace(dropIn, []byte(text), 0o644); err != nil {
		return "", err
	}
	return "the PIN is in " + credential + ", encrypted for this host", run(ctx, "systemctl", "daemon-reload")
}

// read takes the PIN off the file, or asks for it at a terminal.
func (p *pinStep) read() ([]byte, error) {
	if p.file != "" {
		return os.ReadFile(p.file)
	}
	terminal := int(os.Stdin.Fd())
	if !term.IsTerminal(terminal) {
		return nil, fmt.Errorf("there is no PIN yet: run this at a terminal, give --pin-file, or put the PIN into %s as the runbook says", credential)
	}
	fmt.Fprint(os.Stderr, "The token's PIN (it is not shown): ")
	pin, err := term.ReadPassword(terminal)
	fmt.Fprintln(os.Stderr)
	if pin = bytes.TrimSpace(pin); err == nil && len(pin) == 0 {
		err = errors.New("no PIN was given")
	}
	return pin, err
}

// pinRefused is stellad-hsm's exit status for a PIN that the token does not take.
const pinRefused = 10

// try logs in once, as the service will: a wrong PIN costs the token one try, here and not later. One that this run was
// given is forgotten then, so that the next run asks for another.
func (p *pinStep) try(ctx context.Context) (string, error) {
	err := run(ctx, "systemd-run", "--quiet", "--wait", "--pipe", "--collect", "-p", "User=stella-hsm",
		"-p", "LoadCredentialEncrypted=pin:"+credential, "stellad-hsm", "check", "--config", hsmConfig)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == pinRefused {
		err = fmt.Errorf("%w: the token refused the PIN; it was tried once, and what is left of its tries is the token's to say", errHSM)
		if p.wrote {
			err = errors.Join(err, os.Remove(credential))
		}
		return "", cli.Exit(cli.StatusNoHSM, err)
	}
	if err != nil {
		return "", cli.Exit(cli.StatusNoHSM, fmt.Errorf("%w: %w", errHSM, err))
	}
	return "logged in to the token, as the service's user", nil
}
