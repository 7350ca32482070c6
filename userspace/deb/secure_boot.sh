# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# A part of install, and of what the package for DKMS does when it is installed.

# Does the firmware have the kernel refuse a module that is not signed?
secure_boot()
{
	for f in /sys/firmware/efi/efivars/SecureBoot-*; do
		[ -e "$f" ] || continue
		[ "$(od -An -tu1 -j4 -N1 "$f" | tr -d ' ')" != 1 ] || return 0
	done
	return 1
}
