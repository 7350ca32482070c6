#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Checks that the core does not depend on the kernel: its objects refer to nothing but
# each other and the names in allowed-symbols, and its files include nothing but each
# other and host.h.
#   symbols.sh OBJECTS SOURCES

objects=$1
sources=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

result() {	# status name
	if [ "$1" -eq 0 ]; then echo "ok 1 $2"; else echo "not ok 1 $2"; fi
}

# Only objects whose source still exists.
for c in "$sources"/*.c; do
	echo "$objects/$(basename "$c" .c).o"
done > "$tmp/objects"

xargs nm -u < "$tmp/objects" | awk '$1 == "U" { print $2 }' | sort -u > "$tmp/wanted"
xargs nm --defined-only -g < "$tmp/objects" | awk 'NF == 3 { print $3 }' | sort -u > "$tmp/own"
grep -v '^#' allowed-symbols | sort -u > "$tmp/allowed"
sort -u "$tmp/own" "$tmp/allowed" > "$tmp/known"

comm -23 "$tmp/wanted" "$tmp/known" > "$tmp/bad"
sed 's/^/# the core refers to /' "$tmp/bad"
[ -s "$tmp/wanted" ] && [ -s "$tmp/own" ] && [ ! -s "$tmp/bad" ]
result $? "symbols_core_refers_to_allowed_only"

comm -13 "$tmp/wanted" "$tmp/allowed" | grep -v '^mem' > "$tmp/bad"
sed 's/^/# no longer used, take it from allowed-symbols: /' "$tmp/bad"
[ ! -s "$tmp/bad" ]
result $? "symbols_allowed_list_is_minimal"

# Only host.h and cc.h include a file from outside of the core: that of their host.
grep -Hn '^[[:space:]]*#[[:space:]]*include' "$sources"/*.c "$sources"/*.h |
while IFS= read -r line; do
	file=${line%%:*}
	name=$(printf '%s\n' "$line" | sed -n 's/.*include[[:space:]]*"core\/\([^"/]*\)".*/\1/p')
	case $(basename "$file"):$line in
	host.h:*'"socket/host.h"'*|host.h:*'"host_user.h"'*) continue ;;
	cc.h:*'"cc_kernel.h"'*|cc.h:*'"cc_user.h"'*) continue ;;
	esac
	[ -n "$name" ] && [ -f "$sources/$name" ] || echo "# $line"
done > "$tmp/bad"
cat "$tmp/bad"
[ ! -s "$tmp/bad" ]
result $? "symbols_core_includes_its_own_headers_only"

grep -Hn '__KERNEL__\|CONFIG_\|LINUX_VERSION' "$sources"/*.c "$sources"/*.h |
	grep -v '/\(host\|cc\)\.h:[0-9]*:#ifdef __KERNEL__$' | sed 's/^/# /' > "$tmp/bad"
cat "$tmp/bad"
[ ! -s "$tmp/bad" ]
result $? "symbols_core_asks_for_no_kernel"

# Every function of host.h whose type lets it fail is made to fail (faults.c).  To ask where
# a segment is, or for room in the device's queue, cannot fail.
grep -oE '^(struct [a-z_]+ \*|int |bool )atcp_host_[a-z_]+' "$sources/host.h" |
	grep -oE 'atcp_host_[a-z_]+' | grep -vxE "atcp_host_(in_device|room)" | sort > "$tmp/wanted"
grep -oE '"atcp_host_[a-z_]+"' ../../userspace/sim/fault.c | tr -d '"' | sort > "$tmp/known"
comm -23 "$tmp/wanted" "$tmp/known" | sed 's/^/# never fails in the simulator: /' > "$tmp/bad"
cat "$tmp/bad"
[ -s "$tmp/wanted" ] && [ ! -s "$tmp/bad" ]
result $? "symbols_all_that_can_fail_is_made_to"
