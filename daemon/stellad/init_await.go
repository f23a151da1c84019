package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon"
	"stellad/daemon/config"
	"stellad/internal/cli"
)

// awaited is how long the daemon may take to make its keys. RSA is not among them.
const awaited = time.Minute

// begin has the daemon, which alone may use the token, make the keys and begin the log, and tells what is to be written
// down. The daemon goes on by itself where this is interrupted.
func begin(ctx context.Context, c config.Config, say func(string)) error {
	conn, err := grpc.NewClient("unix:"+filepath.Join(c.Run, "admin.sock"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := stellav1.NewStatusServiceClient(conn)
	if missing(client.Status(ctx, &stellav1.StatusRequest{})) != "" { // it does not know of the HSM, or of its name
		if err := run(ctx, "systemctl", "restart", "stellad.service"); err != nil {
			return err
		}
	}
	if err := await(ctx, client); err != nil {
		return err
	}
	if err := believe(c, say); err != nil {
		return err
	}
	return tell(c, say)
}

// await waits until genesis is over and the keys are in place.
func await(ctx context.Context, client stellav1.StatusServiceClient) error {
	ctx, cancel := context.WithTimeout(ctx, awaited)
	defer cancel()
	for {
		wait := missing(client.Status(ctx, &stellav1.StatusRequest{}))
		if wait == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return cli.Exit(cli.StatusNoHSM, fmt.Errorf("%w: the keys are not in place: %s; the daemon goes on, and so does this command when it is given again", errHSM, wait))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// missing says what is waited for; "" where nothing is.
func missing(status *stellav1.StatusResponse, err error) string {
	if err != nil {
		return err.Error()
	}
	for _, p := range status.GetParts() {
		switch p.GetName() {
		case "genesis", "keys", "hsm":
			if !p.GetOk() || p.GetName() == "hsm" && !strings.HasPrefix(p.GetState(), "token:") {
				return p.GetName() + ": " + p.GetState()
			}
		}
	}
	return ""
}

// believe has the appliance believe what it publishes, where its trust root has no such part yet.
func believe(c config.Config, say func(string)) error {
	link := filepath.Join(c.Trust, "appliance")
	err := os.Symlink(filepath.Join(c.State, "trust"), link)
	switch {
	case errors.Is(err, fs.ErrExist):
		say(link + " is there already and is left as it is")
		return nil
	case err == nil:
		say(link + " has the appliance believe what it publishes")
	}
	return err
}

// tell prints what is to be written down, and what comes next.
func tell(c config.Config, say func(string)) error {
	g, err := daemon.ReadGenesis(c.State)
	if err != nil {
		return err
	}
	notes, err := filepath.Glob(filepath.Join(c.State, "audit", "checkpoints", "*"))
	if err != nil || len(notes) == 0 {
		return errors.Join(err, errors.New("there is no checkpoint"))
	}
	first, err := os.ReadFile(notes[0])
	if err != nil {
		return err
	}
	say(fmt.Sprintf("%s has its keys. Write down, on paper:\n  audit key         %s\n  its SHA-256       %x\n  first checkpoint  %s",
		g.Name, g.Key, sha256.Sum256([]byte(g.Key)), strings.ReplaceAll(strings.TrimSpace(string(first)), "\n", "\n                    ")))
	say("Next:\n  adminctl status\n  adminctl key list\n  adminctl trust export --out trust    what others verify this appliance with")
	return nil
}
