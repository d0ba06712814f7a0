# SPDX-License-Identifier: LGPL-2.1-or-later
# A thin front to meson, for people who type make.
#
#   make demo    the main job on a simulated host
#   make check   all tests
#
# BUILD=DIR builds elsewhere; MESON_ARGS='-Dprefix=/usr' is passed to meson setup.

BUILD ?= build
MESON_ARGS ?=
export VIRT_AP_BUILDDIR = $(abspath $(BUILD))

.PHONY: all deps build demo check bench install clean

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

bench: build
	@meson test -C $(BUILD) --benchmark --verbose

install: build
	meson install -C $(BUILD)

clean:
	rm -rf $(BUILD)
