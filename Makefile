# SPDX-License-Identifier: GPL-2.0
# The commands for users and developers.  `make help` lists them.

V	:= selftests/vm
TOOLS	:= module/tools
KERNEL	?= 6.1
KDIR	?=
build	:= $(CURDIR)/build

all: module userspace

help:
	@echo "make           build the module and the user-space programs into build/:"
	@echo "               for Debian's $(KERNEL); KERNEL=6.12 or sid for others of Debian's,"
	@echo "               6.1-arm64 or 6.1-i386 for other processors;"
	@echo "               KDIR=/lib/modules/\$$(uname -r)/build for this machine's own"
	@echo "make demo      all set-up, then load atcp in a VM, ask for the time, print the segments;"
	@echo "               IP=6 does so over IPv6"
	@echo "make test      all set-up, then quick tests: the simulated network, and a connection"
	@echo "               in a VM; T='rfc_close scene_walk' runs tests by name: those of the"
	@echo "               simulator, then the others in one VM; KERNEL= selects the kernel;"
	@echo "               build/bin/atcp-sim-test runs the simulator's alone (see --help)"
	@echo "make style     checkpatch on the C files that have changed; ALL=yes on all"
	@echo "make compdb    write build/compile_commands.json, for clangd"
	@echo "make check     all set-up, then the tests except those that show least for their"
	@echo "               time; ends with 'N passed, N failed'"
	@echo "               KERNEL=6.12 (6.1, 7.2) runs the kselftests on that kernel of"
	@echo "               Debian's; without it on 6.1, and some on the others;"
	@echo "               TESTS='scene_walk ...' runs only these kselftests;"
	@echo "               DEBUG=yes builds the newest debug kernel for it, if it is missing"
	@echo "make check-all all set-up, then all tests, also those that make check leaves out,"
	@echo "               with a debug kernel; KERNEL= and TESTS= as for make check"
	@echo "make check-debug   all set-up, then all tests on kernels with every checker on,"
	@echo "               which are built first: a quarter of an hour each, once"
	@echo "make compare   send random segments and calls to atcp and to the kernel's TCP, on such"
	@echo "               a kernel, with a clock that jumps; an unknown difference fails;"
	@echo "               MINUTES=10 or more, SEED= to repeat a run"
	@echo "make sim       run the tests in the simulated network: no VM, about a minute"
	@echo "make prove     put faults into copies of the module, which the tests have to find"
	@echo "make fuzz      run the fuzzers: a minute for each target, or SECONDS=3600"
	@echo "make coverage  print the lines of module/core/ that simulator and fuzzers reach"
	@echo "make vm        open a shell in a VM with the module loaded; KERNEL= selects the kernel"
	@echo "make bench     compare atcp, the kernel's TCP and AF_UNIX, in instructions"
	@echo "make lab       build all, run a scenario of flows and links in a VM, and draw it:"
	@echo "               S=userspace/lab/scenarios/beside.toml, or one of yours; ON=sim in the simulator;"
	@echo "               see atcp-lab(1)"
	@echo "make bench-loss    goodput, answers and outages on paths that lose and reorder, beside the"
	@echo "               kernel's TCP; half an hour, and it goes on where it was interrupted;"
	@echo "               WHOLE=yes for all cells and 20 seeds: many hours; CONTROL=cubic"
	@echo "make profile   print these instructions by function"
	@echo "make install   install the module for the running kernel (KDIR= for another), programs"
	@echo "               and manual pages below PREFIX=/usr/local; make uninstall removes them"
	@echo "make deb       make Debian packages in build/deb/: the programs, and the module's"
	@echo "               source for DKMS, which builds it for the kernels that are installed"
	@echo "make setup     install and download what make check needs; setup-update also looks"
	@echo "               for newer kernels"
	@echo "make clean     remove build/ (downloads stay: see ATCP_CACHE in $(TOOLS)/lib.sh)"
	@echo "make help      print this list"

# Builds the module for KDIR or KERNEL.
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
		build vm test fuzz lab deb 6.1 6.12 sid 6.1-arm64 6.1-i386 kselftest root \
		programs ss

# With KERNEL= the kselftests run on that kernel, else check selects the kernels.
check check-all: setup
	@$(if $(filter check-all,$@),$(V)/setup guest-arm64 guest-i386 debug source-6.1)
	@$(if $(filter check-all,$@)$(filter yes,$(DEBUG)),$(V)/setup debug source-sid)
	@DEBUG='$(DEBUG)' KERNELS='$(if $(filter file,$(origin KERNEL)),$(KERNELS),$(KERNEL))' \
		TESTS='$(TESTS)' $(V)/check $(if $(filter check-all,$@),--all)

# $(T) is in quotes, as it may have patterns.
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
	@$(V)/setup build vm test debug source-6.1 source-sid 6.1 kselftest programs ss
	@selftests/debug/check

compare:
	@$(V)/setup build vm debug source-sid kselftest
	@MINUTES='$(MINUTES)' SEED='$(SEED)' selftests/debug/compare-long

sim:
	@$(V)/setup build
	@$(MAKE) --no-print-directory -j$$(nproc) -C selftests/sim \
		BUILD=$(build) check

fuzz:
	@$(V)/setup build fuzz
	@$(MAKE) --no-print-directory -j$$(nproc) -C selftests/fuzz BUILD=$(build) \
		$(if $(SECONDS),SECONDS=$(SECONDS)) $(if $(PROVE),check,fuzz)

prove:
	@$(V)/setup build vm 6.1 kselftest
	@$(V)/prove $(T)

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

# The lab is Debian's Python, whichever comes first in the PATH.
S ?= userspace/lab/scenarios/beside.toml
ON ?= vm
lab:
	@$(V)/setup build vm lab 6.1
	@$(MAKE) --no-print-directory KDIR= KERNEL=6.1 module userspace
	$(if $(filter sim,$(ON)),@$(MAKE) --no-print-directory -C selftests/sim BUILD=$(build) lab)
	@userspace/lab/atcp-lab run --plot --on $(ON) -o build/lab/$(basename $(notdir $(S))) $(S)

bench-loss:
	@$(V)/setup build vm lab 6.1
	@$(MAKE) --no-print-directory KDIR= KERNEL=6.1 module userspace
	@selftests/bench/loss $(if $(filter yes,$(WHOLE)),--whole) --cc $(or $(CONTROL),reno)

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
	check-debug compare sim prove coverage fuzz vm bench lab bench-loss profile install uninstall deb clean
