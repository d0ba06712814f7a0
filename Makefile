# SPDX-License-Identifier: LGPL-2.1-or-later
# A thin front to meson, for people who type make.
#
#   make demo    the main job on a simulated host
#   make check   all tests
#   make fuzz    the fuzzers, SECONDS=5 each
#
# BUILD=DIR builds elsewhere; MESON_ARGS='-Dprefix=/usr' is passed to meson setup.

BUILD ?= build
MESON_ARGS ?=
export VIRT_AP_BUILDDIR = $(abspath $(BUILD))

.PHONY: all deps build demo check fuzz bench install clean

all: build

deps:
	@tools/deps.sh

build: deps
	@test -e $(BUILD)/build.ninja || meson setup $(BUILD) $(MESON_ARGS)
	@ninja -C $(BUILD)

demo: build
	@./run docs/demo/demo.sh

check: build
	@tests/run-tests.sh $(BUILD)

fuzz:
	@tools/deps.sh fuzz
	@test -e build-fuzz/build.ninja || CC=clang meson setup build-fuzz -Dfuzz=enabled \
	  -Dlab=disabled -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1
	@VIRT_AP_FUZZ_SECONDS=$(or $(SECONDS),5) tests/run-tests.sh build-fuzz --suite fuzz

bench: build
	@meson test -C $(BUILD) --benchmark --verbose

install: build
	meson install -C $(BUILD)

clean:
	rm -rf $(BUILD)
