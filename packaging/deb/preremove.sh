#!/bin/sh
# Before the files go. An upgrade stops nothing: the service is restarted once the new files are there.
set -eu
[ "$1" = remove ] || exit 0
[ -d /run/systemd/system ] || exit 0

# The sockets too: the next caller would start what is about to go.
deb-systemd-invoke stop stellad-admin.socket stellad-verify.socket stellad-hsm.socket stellad.service stellad-hsm.service
