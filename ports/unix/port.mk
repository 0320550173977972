# MicroPython for this machine, with asyncio and TLS: the interpreter that the framework is tested on without a board.
#
#   make -f ports/unix/port.mk image BUILD=<abs> MPY_DIR=<abs> MICROPY_MPYCROSS=<abs>

image:
	$(MAKE) -C $(MPY_DIR)/ports/unix BUILD=$(BUILD)/obj PROG=micropython \
		FROZEN_MANIFEST=$(abspath $(dir $(lastword $(MAKEFILE_LIST))))/manifest.py \
		MICROPY_MPYCROSS=$(MICROPY_MPYCROSS) MICROPY_PY_SSL=1 MICROPY_SSL_MBEDTLS=1 \
		MICROPY_PY_FFI=0 MICROPY_PY_BTREE=0 $(if $(CCACHE),CC="$(CCACHE) cc")
	cp $(BUILD)/obj/micropython $(BUILD)/micropython

.PHONY: image
