package access

// ParseWith is Parse on a machine with these accounts.
func ParseWith(passwd, group, text string, catalog Catalog) (*Policy, error) {
	return parse("access.toml", []byte(text), catalog, parseAccounts(passwd, group), false)
}

// BuiltinWith is Builtin on such a machine.
func BuiltinWith(passwd, group string, catalog Catalog) (*Policy, error) {
	return parse("built-in policy", []byte(Default), catalog, parseAccounts(passwd, group), true)
}

// GenesisWith is Genesis on such a machine.
func GenesisWith(passwd, group string, admins ...string) ([]byte, error) {
	return genesis(admins, parseAccounts(passwd, group))
}

// ActorWith is ActorOf on such a machine.
func ActorWith(passwd, group, user string) (Actor, bool) {
	local := parseAccounts(passwd, group)
	uid, ok := local.uid(user)
	return local.actor(uid), ok
}
