#!/bin/sh
# After the files are there, at an installation and at an upgrade ($2 is then the version before).
set -eu
[ "$1" = configure ] || exit 0

systemd-sysusers stella.conf
# It wants /proc, which a bare chroot has not; the first boot makes the folders then.
systemd-tmpfiles --create stella.conf || [ ! -d /run/systemd/system ]

# What an administrator disabled stays so: this enables what was never enabled before.
for unit in stellad-admin.socket stellad-verify.socket stellad.service; do
	deb-systemd-helper unmask $unit >/dev/null
	if deb-systemd-helper --quiet was-enabled $unit; then
		deb-systemd-helper enable $unit >/dev/null
	else
		deb-systemd-helper update-state $unit >/dev/null
	fi
done

# In a chroot or an image nothing runs; its first boot starts what is enabled.
[ -d /run/systemd/system ] || exit 0
systemctl --system daemon-reload

# The sockets stay open over an upgrade, with the calls that wait in them; the service alone is the new one.
failed=
deb-systemd-invoke start stellad-admin.socket stellad-verify.socket || failed=1
action=start
[ -z "${2-}" ] || action=restart
deb-systemd-invoke $action stellad.service || failed=1

# The HSM's service is enabled by who sets it up (docs/operations/hsm-setup-runbook.md). Where it runs, it is the new one.
systemctl --system try-restart stellad-hsm.service || failed=1

# The package is installed all the same: dpkg in a fault of its own would mend nothing.
[ -z "$failed" ] || echo 'stella: a service did not start; see: journalctl -u stellad -u stellad-hsm' >&2
