# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Debian packages: installed with apt-get, as root or through sudo; or downloaded by any
# user and unpacked apart from the host's own files.  Sourced after lib.sh.

mirror=${ATCP_MIRROR:-http://deb.debian.org/debian}
mirror_security=${ATCP_MIRROR_SECURITY:-http://deb.debian.org/debian-security}

installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

packages()
{
	missing=
	for p; do
		installed "$p" || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0

	command -v apt-get >/dev/null ||
		die "not a Debian system; install the like of:$missing"
	say "installing Debian packages:$missing"
	# shellcheck disable=SC2086
	install="env DEBIAN_FRONTEND=noninteractive apt-get install -y -q
		 --no-install-recommends -o DPkg::Lock::Timeout=300 $missing"
	# shellcheck disable=SC2086
	if ! hush=yes quietly as_root $install; then
		# The lists may be old or missing, or an earlier dpkg interrupted.
		as_root dpkg --configure -a >/dev/null 2>&1 || :
		quietly as_root apt-get update -q || :
		# shellcheck disable=SC2086
		quietly as_root $install ||
			die "apt-get could not install:$missing"
	fi
}

# suite NAME [ARCHITECTURE]: fetches the lists of a Debian suite, apart from the host's, and
# sets $apt to the options by which apt-get uses them.  Of other architectures than amd64,
# whose packages never run on this machine, there are no lists of security updates.
suite()
{
	s=$1
	arch=${2:-amd64}
	dir=$cache/apt/$s
	[ "$arch" = amd64 ] || dir=$dir-$arch
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	: >"$dir/status"
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e $key ] || packages debian-archive-keyring
	{
		echo "deb [arch=$arch signed-by=$key] $mirror $s main"
		[ "$s.$arch" != bookworm.amd64 ] ||
		echo "deb [arch=$arch signed-by=$key] $mirror_security $s-security main"
	} >"$dir/sources.list"
	apt="-q -o Dir::Etc::sourcelist=$dir/sources.list
	     -o Dir::Etc::sourceparts=/dev/null
	     -o Dir::Etc::preferences=/dev/null
	     -o Dir::Etc::preferencesparts=/dev/null
	     -o Dir::State=$dir -o Dir::State::lists=$dir/lists
	     -o Dir::State::status=$dir/status
	     -o Dir::Cache=$dir -o Dir::Cache::archives=$dir/archives
	     -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
	     -o APT::Architecture=$arch -o APT::Architectures::=$arch
	     -o APT::Sandbox::User=$(id -un) -o Acquire::Languages=none
	     -o Acquire::Retries=3 -o Debug::NoLocking=true"
	late=
	# shellcheck disable=SC2086
	hush=yes quietly apt-get $apt update && return
	# A mirror that is no longer updated has lists that are signed but past their date.
	late="-o Acquire::Check-Valid-Until=false"
	# shellcheck disable=SC2086
	quietly apt-get $apt $late update || die "cannot read Debian's lists of $s"
	say "Debian's lists of $s at $mirror are past their date"
	apt="$apt $late"
}

# quietly COMMAND...: shows a command's output only if it fails; with hush=yes, not even
# then.  On a terminal a dot every few seconds shows that it still runs.
quietly()
{
	out=$(mktemp)
	if [ -t 2 ]; then
		(
			while sleep 3; do
				printf . >&2
			done
		) &
		dots=$!
	else
		dots=
	fi
	good=yes
	"$@" >"$out" 2>&1 </dev/null || good=no
	if [ -n "$dots" ]; then
		kill $dots
		wait $dots 2>/dev/null || :
		printf '\r\033[K' >&2
	fi
	if [ $good = no ]; then
		[ "${hush-}" = yes ] || cat "$out" >&2
		rm -f "$out"
		return 1
	fi
	rm -f "$out"
}

# depends PACKAGE: prints the first alternative of each of its dependencies, one a line.
depends()
{
	# shellcheck disable=SC2086
	apt-cache $apt --no-all-versions show "$1" |
		sed -n 's/^Depends: //p' | tr ',' '\n' |
		sed 's/^ *//; s/[ |(].*//'
}

# fetch_into FOLDER PACKAGE...: downloads packages and unpacks them into FOLDER.
fetch_into()
{
	root=$1
	shift
	# shellcheck disable=SC2086
	quietly apt-get $apt download "$@" || die "cannot download: $*"
	mkdir -p "$root"
	for deb in ./*.deb; do
		quietly dpkg-deb -x "$deb" "$root" || die "cannot unpack $deb"
	done
	rm -f ./*.deb
}

# alone SCRIPT ARGUMENT...: runs SCRIPT again under the cache's lock, so that only one
# set-up at a time changes the cache.  Returns at once if this process has the lock.
alone()
{
	mkdir -p "$cache/kernel" "$cache/source"
	if [ "${ATCP_SETUP_LOCKED-}" != "$cache" ] && command -v flock >/dev/null; then
		ATCP_SETUP_LOCKED=$cache flock "$cache/.lock" "$@"
		exit
	fi
}
