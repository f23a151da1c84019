package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"stellad/hsm/pkcs11"
	"stellad/internal/stricttoml"
)

// config is the form of stellad-hsm.toml. All paths are absolute.
type config struct {
	Module   string `toml:"module"`
	Slot     string `toml:"slot"`
	Init     string `toml:"init"`
	Sessions int    `toml:"sessions"`
	Peer     string `toml:"peer"`
	Socket   string `toml:"socket"`
	PINFile  string `toml:"pin-file"`
	Soft     string `toml:"soft"`

	uid uint32 // of Peer
}

// readConfig reads the file at name. Soft keys are refused but for a trial.
func readConfig(name string, dev bool) (config, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return config{}, err
	}
	c, err := parseConfig(text, dev)
	if err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func parseConfig(text []byte, dev bool) (config, error) {
	c := config{Sessions: 4, Peer: "stellad", Socket: "/run/stella/hsm.sock"}
	if err := stricttoml.Decode(text, &c); err != nil {
		return c, err
	}
	at := func(key string, err error) error {
		if line := stricttoml.LinesOf(text).Of(key); line > 0 {
			return fmt.Errorf("line %d: %s: %w", line, key, err)
		}
		return fmt.Errorf("%s: %w", key, err)
	}
	for key, path := range map[string]string{"module": c.Module, "socket": c.Socket, "pin-file": c.PINFile, "soft": c.Soft} {
		if path != "" && (!filepath.IsAbs(path) || strings.Contains(path, "\x00")) {
			return c, at(key, fmt.Errorf("%q: a path starts with / and has no NUL", path))
		}
	}
	if c.Sessions < 1 || c.Sessions > 64 {
		return c, at("sessions", fmt.Errorf("%d: a number from 1 to 64", c.Sessions))
	}
	if c.Socket == "" {
		return c, at("socket", errors.New("it is empty"))
	}
	var err error
	if c.uid, err = uidOf(c.Peer); err != nil {
		return c, at("peer", err)
	}
	return c, c.checkKeys(dev, at)
}

// checkKeys wants either a module and its slot, or soft keys in a trial.
func (c config) checkKeys(dev bool, at func(string, error) error) error {
	switch {
	case c.Soft != "" && !dev:
		return at("soft", errors.New("keys in a file are for trials, with --dev"))
	case c.Soft != "" && (c.Module != "" || c.Slot != ""):
		return at("soft", errors.New("either this, or module and slot"))
	case c.Soft != "":
		return nil
	case c.Module == "":
		return at("module", errors.New("it is not set"))
	case c.Slot == "":
		return at("slot", errors.New("it is not set"))
	}
	if _, err := pkcs11.ParseSlot(c.Slot); err != nil {
		return at("slot", err)
	}
	return nil
}

// uidOf reads a user's name or uid:N.
func uidOf(peer string) (uint32, error) {
	number, is := strings.CutPrefix(peer, "uid:")
	if !is {
		u, err := user.Lookup(peer)
		if err != nil {
			return 0, fmt.Errorf("no user is called %q", peer)
		}
		number = u.Uid
	}
	uid, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a user's name nor uid:N", peer)
	}
	return uint32(uid), nil
}
