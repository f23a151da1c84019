#!/bin/sh
# After the files are gone.
set -eu

case $1 in
remove)
	rm -f /run/stella/admin.sock /run/stella/verify.sock /run/stella/hsm.sock
	[ ! -d /run/systemd/system ] || systemctl --system daemon-reload
	;;
purge)
	# What deb-systemd-helper remembers of the units. It may be gone before this package is.
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper purge stellad-admin.socket stellad-verify.socket stellad.service >/dev/null
		deb-systemd-helper unmask stellad-admin.socket stellad-verify.socket stellad.service >/dev/null
	fi

	# Evidence is deleted by a person, not by a package manager. The users stay with it, since a number that is given to
	# somebody else later would be given the files too.
	echo 'stella: left in place: /var/lib/stella, what was added to /etc/stella, the users and groups; delete them by hand' >&2
	;;
esac
