# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Part of userspace/install and of the postinst script of atcp-dkms.

# Succeeds if Secure Boot is on, so that the kernel refuses a module that is not signed.
secure_boot()
{
	for f in /sys/firmware/efi/efivars/SecureBoot-*; do
		[ -e "$f" ] || continue
		[ "$(od -An -tu1 -j4 -N1 "$f" | tr -d ' ')" != 1 ] || return 0
	done
	return 1
}
