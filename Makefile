# SPDX-License-Identifier: GPL-2.0
# Every command a person types.  `make help` lists them.

V	:= selftests/vm
TOOLS	:= module/tools
KERNEL	?= 6.1
KDIR	?=
build	:= $(CURDIR)/build

all: module userspace

help:
	@echo "make           build the module and the user-space programs into build/:"
	@echo "               for Debian's $(KERNEL); KERNEL=6.12 or sid for others of Debian's;"
	@echo "               KDIR=/lib/modules/\$$(uname -r)/build for this machine's own"
	@echo "make demo      all set-up, then: load atcp in a VM, ask for the time, show the wire;"
	@echo "               IP=6 does so over IPv6"
	@echo "make test      all set-up, then what is quick: the simulated network, and a connection"
	@echo "               in a VM; T='rfc_close scene_walk' runs tests by name: what the"
	@echo "               simulator has there, the rest in one VM; KERNEL= picks the kernel;"
	@echo "               build/bin/atcp-sim-test --help runs the simulator's by itself"
	@echo "make style     checkpatch on the C files that have changed; ALL=yes on all"
	@echo "make compdb    build/compile_commands.json, from which clangd knows every source"
	@echo "make check     all set-up, then the tests, but what shows least for its time;"
	@echo "               ends with 'N passed, N failed'"
	@echo "               KERNEL=6.12 (6.1, 7.2) runs the kselftests on that kernel of"
	@echo "               Debian's; without it on 6.1, and some on the others;"
	@echo "               TESTS='scene_walk ...' only these of them;"
	@echo "               DEBUG=yes builds the newest debug kernel for it, if need be"
	@echo "make check-all all set-up, then every test of make check and what that leaves out,"
	@echo "               with such a kernel; KERNEL= and TESTS= as there"
	@echo "make check-debug   all set-up, then every test on kernels with every checker on,"
	@echo "               which are built first: a quarter of an hour each, once"
	@echo "make sim       the tests in the simulated network alone: no VM, about a minute"
	@echo "make fuzz      the fuzzers alone: a minute for each target, or SECONDS=3600"
	@echo "make coverage  lines of module/core/ that simulator and fuzzers reach, by file"
	@echo "make vm        a shell in a VM with the module loaded; KERNEL= picks the kernel"
	@echo "make bench     atcp, the kernel's TCP and AF_UNIX side by side, in instructions"
	@echo "make profile   which functions these are in"
	@echo "make install   the module for the running kernel (KDIR= for another), programs and"
	@echo "               manual pages, below PREFIX=/usr/local; make uninstall removes them"
	@echo "make deb       Debian packages, into build/deb/: the programs', and the module's"
	@echo "               source for DKMS, which builds it for the kernels that are installed"
	@echo "make setup     only what make check installs and downloads; setup-update looks for"
	@echo "               newer kernels"
	@echo "make clean     remove build/ (downloads stay: see ATCP_CACHE in $(TOOLS)/lib.sh)"
	@echo "make help      this list"

# The module for KDIR or KERNEL.
module:
ifeq ($(KDIR),)
	@$(TOOLS)/setup build $(KERNEL)
	@$(TOOLS)/build-module $(KERNEL)
else
	@$(TOOLS)/setup build
	@$(TOOLS)/build-module $(KDIR)
endif

userspace:
	@$(TOOLS)/setup build
	@$(MAKE) --no-print-directory -C userspace BIN=$(build)/bin

demo:
	@$(V)/setup build vm $(KERNEL)
	@$(MAKE) --no-print-directory KDIR= module userspace
	@KERNEL=$(KERNEL) $(V)/demo $(if $(filter 6,$(IP)),-6)

setup setup-update:
	@$(V)/setup $(if $(filter setup-update,$@),--fresh) \
		build vm test fuzz deb 6.1 6.12 sid kselftest root programs

# The kselftests on a kernel that was asked for, or as check itself thinks best.
check check-all: setup
	@$(if $(filter check-all,$@)$(filter yes,$(DEBUG)),$(V)/setup debug source-sid)
	@DEBUG='$(DEBUG)' KERNELS='$(if $(filter file,$(origin KERNEL)),$(KERNELS),$(KERNEL))' \
		TESTS='$(TESTS)' $(V)/check $(if $(filter check-all,$@),--all)

# $(T) is in quotes, for it may have patterns.
test:
	@$(V)/setup build vm $(KERNEL) kselftest
	@KERNEL='$(KERNEL)' $(V)/test $(foreach t,$(T),'$(t)')

style:
	@$(V)/setup kselftest
	@$(V)/style $(if $(filter yes,$(ALL)),,--changed)

compdb:
	@$(V)/setup build test 6.1 kselftest
	@$(V)/compdb

check-debug:
	@$(V)/setup build vm test debug source-6.1 source-sid 6.1 kselftest programs
	@selftests/debug/check

sim:
	@$(V)/setup build
	@$(MAKE) --no-print-directory -j$$(nproc) -C selftests/sim \
		BUILD=$(build) check

fuzz:
	@$(V)/setup build fuzz
	@$(MAKE) --no-print-directory -j$$(nproc) -C selftests/fuzz BUILD=$(build) \
		$(if $(SECONDS),SECONDS=$(SECONDS)) $(if $(PROVE),check,fuzz)

coverage:
	@$(V)/setup build
	@$(MAKE) --no-print-directory -C selftests/sim BUILD=$(build) coverage

vm:
	@$(V)/setup build vm $(KERNEL)
	@$(MAKE) --no-print-directory KDIR= module userspace
	@$(V)/vm -i -k $(KERNEL) -m atcp

bench:
	@$(V)/setup build vm 6.1
	@$(MAKE) --no-print-directory KDIR= KERNEL=6.1 module
	@selftests/bench/bench

profile:
	@$(V)/setup build vm test 6.1
	@$(MAKE) --no-print-directory KDIR= KERNEL=6.1 module
	@selftests/bench/profile

install uninstall:
	$(if $(filter install,$@),@$(TOOLS)/setup build)
	@KDIR='$(KDIR)' PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' \
		userspace/install $(if $(filter uninstall,$@),--remove)

deb:
	@$(TOOLS)/setup build deb
	@userspace/deb/build

clean:
	rm -rf build

.PHONY: all help module userspace demo setup setup-update test style compdb check check-all \
	check-debug sim coverage fuzz vm bench profile install uninstall deb clean
