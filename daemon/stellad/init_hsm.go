package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"stellad/internal/cli"
	"stellad/internal/durable"
)

// Where the parts of an HSM's set-up are, as docs/operations/hsm-setup-runbook.md has them.
const (
	hsmConfig  = "/etc/stella/stellad-hsm.toml"
	hsmSocket  = "/run/stella/hsm.sock"
	credential = "/etc/stella/credentials/hsm-pin"
	dropIn     = "/etc/systemd/system/stellad-hsm.service.d/pin.conf"
)

// hsmOptions say which token an appliance is to have its keys in.
type hsmOptions struct {
	module, slot, pinFile string
}

func (o hsmOptions) given() bool { return o != hsmOptions{} }

// A step changes something, or finds it done, and says so in a line.
type step func(ctx context.Context) (string, error)

// errHSM is wrapped where the token is not there, or not for this PIN.
var errHSM = errors.New("the HSM")

// setUp writes the configuration, hands over the PIN, logs in once and starts the service. Each step that is done already
// is left as it is, so that the same command goes on where an earlier one ended.
func (o hsmOptions) setUp(ctx context.Context, stelladConfig string, say func(string)) error {
	pin := &pinStep{file: o.pinFile}
	for _, do := range []step{
		func(context.Context) (string, error) { return o.configure() },
		func(context.Context) (string, error) {
			return setInFile(stelladConfig, map[string]string{"hsm": hsmSocket})
		},
		pin.handOver, pin.try, startHSM,
	} {
		line, err := do(ctx)
		if err != nil {
			return err
		}
		say(line)
	}
	return nil
}

func (o hsmOptions) configure() (string, error) {
	values := map[string]string{}
	for key, value := range map[string]string{"module": o.module, "slot": o.slot} {
		if value != "" {
			values[key] = value
		}
	}
	return setInFile(hsmConfig, values)
}

func startHSM(ctx context.Context) (string, error) {
	return "stellad-hsm runs", run(ctx, "systemctl", "enable", "--quiet", "--now", "stellad-hsm.socket", "stellad-hsm.service")
}

// run runs a program of the system. What it says is in the error alone, in one line.
func run(ctx context.Context, args ...string) error { return runWith(ctx, nil, args...) }

// runWith is run of a program that reads.
func runWith(ctx context.Context, input []byte, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin = bytes.NewReader(input)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is not installed: %w", args[0], err)
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("%s: %w: %s", args[0], err, lines[len(lines)-1])
	}
	return nil
}

// setInFile sets keys in a TOML file where they are commented out, and wants those that are set to have these values.
func setInFile(name string, values map[string]string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", cli.BadInput(err)
	}
	set, changed, err := setValues(string(text), values)
	if err != nil {
		return "", cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	if !changed {
		return name + " is left as it is", nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	return "wrote " + name, durable.Replace(name, []byte(set), info.Mode().Perm()&fs.ModePerm)
}
