package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"

	"stellad/internal/stricttoml"
)

// maxFile is the most bytes that a policy has.
const maxFile = 1 << 20

// Parse reads a policy and resolves its names on this machine. Errors wrap ErrPolicy and read "FILE:LINE: what is wrong
// and what to do", in one line.
func Parse(file string, text []byte, catalog Catalog) (*Policy, error) {
	local, err := localAccounts()
	if err != nil {
		return nil, &refusal{file, err.Error(), nil}
	}
	return parse(file, text, catalog, local, false)
}

// Builtin is the policy of Default, which is in force while there is no file. Alone of all policies it may name groups
// that this machine does not have: they have no members. Errors wrap ErrPolicy.
func Builtin(catalog Catalog) (*Policy, error) {
	const file = "built-in policy"
	local, err := localAccounts()
	if err != nil {
		return nil, &refusal{file, err.Error(), nil}
	}
	return parse(file, []byte(Default), catalog, local, true)
}

// Dev is the policy of a development daemon: one user, who is administrator.
func Dev(uid uint32, catalog Catalog) *Policy {
	text := fmt.Sprintf("version = 1\n[roles]\nadministrator = [\"*:*\"]\n[users]\n\"uid:%d\" = [\"administrator\"]\n", uid)
	p, err := parse("development policy", []byte(text), catalog, &accounts{}, false)
	if err != nil { // no user has the uid -1
		return &Policy{File: "development policy"}
	}
	return p
}

// document is the form of the file.
type document struct {
	Version *int64 `toml:"version"`

	Roles  map[string][]string `toml:"roles"`
	Users  map[string][]string `toml:"users"`
	Groups map[string][]string `toml:"groups"`
	Deny   struct {
		Users  map[string][]string `toml:"users"`
		Groups map[string][]string `toml:"groups"`
	} `toml:"deny"`
}

// parser makes a policy of a document, a table after the other. What it has made when a step fails is dropped.
type parser struct {
	*Policy
	doc        document
	lines      stricttoml.Lines
	local      *accounts
	passAbsent bool // pass over groups that do not exist
}

func parse(file string, text []byte, catalog Catalog, local *accounts, passAbsent bool) (*Policy, error) {
	sum := sha256.Sum256(text)
	p := &parser{
		Policy: &Policy{SHA256: hex.EncodeToString(sum[:]), File: file, catalog: catalog},
		local:  local, passAbsent: passAbsent,
	}
	if len(text) > maxFile {
		return nil, p.refuse(1, "larger than %d MiB", maxFile>>20)
	}
	if err := stricttoml.Decode(text, &p.doc); err != nil {
		var at *stricttoml.Error
		if errors.As(err, &at) {
			return nil, p.refuse(at.Line, "%s", at.Text)
		}
		return nil, p.refuse(1, "%v", err)
	}
	p.lines = stricttoml.LinesOf(text)
	for _, step := range []func() error{p.version, p.defineRoles, p.assignRoles, p.denyRules, p.mendable} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p.Policy, nil
}

func (p *parser) refuse(line int, format string, args ...any) error {
	return &refusal{where: p.File + ":" + strconv.Itoa(line), text: fmt.Sprintf(format, args...)}
}

func (p *parser) version() error {
	switch {
	case p.doc.Version == nil:
		return p.refuse(1, "version is missing: write version = 1 at the top, and raise it with each change")
	case *p.doc.Version < 1 || *p.doc.Version == math.MaxInt64: // above the last one there is none to mend it with
		return p.refuse(p.lines.Of("version"), "version = %d: it starts at 1 and rises with each change", *p.doc.Version)
	}
	p.Version = uint64(*p.doc.Version)
	return nil
}

// mendable refuses a policy that nobody could change for another. A group counts though it has no members yet.
func (p *parser) mendable() error {
	p.compile()
	if _, known := p.index[reload]; !known || p.Allows(Actor{UID: nobody, GID: nobody}, reload) {
		return nil
	}
	for _, h := range p.holders {
		one := Actor{UID: nobody, GID: h.id}
		if h.kind == "user" {
			one = p.local.actor(h.id)
		}
		if p.Allows(one, reload) {
			return nil
		}
	}
	return p.refuse(1, "nobody is permitted %s, so nobody could mend this file: give a user or a group a role that grants it, and do not deny it", reload)
}
