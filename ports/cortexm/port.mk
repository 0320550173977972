# MicroPython for Cortex-M machines: how an image is built.
#
#   make -f ports/cortexm/port.mk image BOARD=<name> BOARD_DIR=<dir> BUILD=<dir> MPY_DIR=<dir> MICROPY_MPYCROSS=<file>
#
# Directories are absolute; the call works from any folder. Artifacts go to $(BUILD), objects to $(BUILD)/obj.
# Optional: VARIANT (of the board), GENERATED (folder of generated Python, handed to the manifest), FROZEN_MANIFEST, HEAP_SIZE (bytes),
# MD_TCP_PCBS (lwIP's TCP connections), BENCH=1 (repeatable runs, never for a board in use), CCACHE, V=1.

PORT_DIR := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
MICRODOT_DIR ?= $(abspath $(PORT_DIR)/../..)
export MICRODOT_DIR

ifeq ($(MPY_DIR),)
$(error MPY_DIR is not set: give the folder of MicroPython's sources)
endif
ifeq ($(wildcard $(BOARD_DIR)/mpconfigboard.mk),)
$(error BOARD_DIR=$(BOARD_DIR) holds no mpconfigboard.mk: give the folder of a board of this port)
endif

# The caller's BUILD is where artifacts go. MicroPython's makefiles know one build folder, for everything.
OUT := $(BUILD)
override BUILD := $(OUT)/obj

# mkrules.mk describes what it builds by $(BOARD); the image's first goal stays ours.
image: $(OUT)/firmware.bin
.PHONY: image

include $(MPY_DIR)/py/mkenv.mk
ifneq ($(VARIANT),)
ifeq ($(wildcard $(BOARD_DIR)/mpconfigvariant_$(VARIANT).mk),)
$(error $(BOARD) has no variant '$(VARIANT)': there is no mpconfigvariant_$(VARIANT).mk in its folder)
endif
include $(BOARD_DIR)/mpconfigvariant_$(VARIANT).mk
endif
include $(BOARD_DIR)/mpconfigboard.mk

SOC_DIR := $(PORT_DIR)/soc/$(SOC)
include $(SOC_DIR)/soc.mk

################################################################################
# What is in the image

QSTR_DEFS = $(PORT_DIR)/qstrdefsport.h

# What make says after a compiler error, in place of a link to upstream's troubleshooting.
HELP_BUILD_ERROR = "The compiler stopped: its message is above."

MICROPY_ROM_TEXT_COMPRESSION ?= 1
MICROPY_VFS_LFS2 ?= 1
MICROPY_PY_LWIP ?= 1
MICROPY_PY_LWIP_LOOPBACK ?= 1
MICROPY_PY_SSL ?= 1
MICROPY_SSL_MBEDTLS ?= 1

FROZEN_MANIFEST ?= $(BOARD_DIR)/manifest.py
MICROPY_MANIFEST_GENERATED_DIR = $(GENERATED)

# mkrules.mk wants micropython-lib to be there even if no manifest asks for it; sources from an archive come without.
ifeq ($(wildcard $(MPY_LIB_DIR)/README.md),)
MPY_LIB_DIR := $(MICRODOT_DIR)/ports/stdlib
endif

include $(TOP)/py/py.mk
include $(TOP)/extmod/extmod.mk

# py.mk looks for mpconfigport.h by its bare name, in the current folder.
vpath %.h $(PORT_DIR)
QSTR_GLOBAL_DEPENDENCIES := $(PY_SRC)/mpconfig.h $(PORT_DIR)/mpconfigport.h $(BOARD_DIR)/mpconfigboard.h \
	$(BUILD)/settings.txt

################################################################################
# Toolchain

CROSS_COMPILE ?= arm-none-eabi-
CC = $(CCACHE) $(CROSS_COMPILE)gcc
export MICROPY_MPYCROSS

# Sources that come without git history would otherwise be described by the history of the folder they lie in.
MICROPY_GIT_TAG ?= v$(shell sed -n \
	's/^\#define MICROPY_VERSION_M[A-Z]* \([0-9]*\)$$/\1/p' $(TOP)/py/mpconfig.h | paste -s -d .)
MICROPY_GIT_HASH ?= $(MICROPY_GIT_TAG)
SOURCE_DATE_EPOCH ?= $(shell date -d 2025-04-15T00:00:00Z +%s)
PYTHONHASHSEED ?= 0
export MICROPY_GIT_TAG MICROPY_GIT_HASH SOURCE_DATE_EPOCH PYTHONHASHSEED

# MicroPython includes some of our files by name; with the folder's name in front they are not taken for its own.
INC += -I$(dir $(PORT_DIR))
INC += -I$(PORT_DIR) -I$(SOC_DIR) -I$(BOARD_DIR) -I$(PORT_DIR)/lwip_inc -I$(PORT_DIR)/mbedtls
INC += -I$(TOP) -I$(BUILD) -I$(TOP)/lib/cmsis/inc

# Two builds in two folders must give the same bytes: no folder's name may get in. Of the options that fit a name, GCC
# takes the last, so a folder comes behind the one that it may lie in.
PREFIX_MAP = \
	-ffile-prefix-map=$(CURDIR)=. \
	-ffile-prefix-map=$(MICRODOT_DIR)=. \
	-ffile-prefix-map=$(BUILD)=obj \
	-ffile-prefix-map=$(TOP)=micropython

COPT ?= -Os -DNDEBUG
CFLAGS += $(INC) $(SOC_CFLAGS) $(PREFIX_MAP) -std=gnu99 -g $(COPT) -ffunction-sections -fdata-sections \
	-Wall -Werror -Wpointer-arith -Wdouble-promotion -Wfloat-conversion $(CFLAGS_EXTRA)

ifneq ($(MD_TCP_PCBS),)
CFLAGS += -DMEMP_NUM_TCP_PCB=$(MD_TCP_PCBS)
endif
ifeq ($(BENCH),1)
CFLAGS += -DCORTEXM_BENCH=1
endif

LDFLAGS += $(filter -m%,$(SOC_CFLAGS)) -nostartfiles --specs=nosys.specs --specs=nano.specs \
	-L$(BOARD_DIR) -T $(PORT_DIR)/cortexm.ld -Wl,--defsym=_heap_size=$(HEAP_SIZE) \
	-Wl,--gc-sections -Wl,-Map=$(OUT)/firmware.map -Wl,--no-warn-rwx-segments
LIBS = -lc -lgcc

MPY_CROSS_FLAGS += $(SOC_MPY_CROSS_FLAGS)

# A setting that is no file (heap, flags, bench) must rebuild what it touches: its value is kept in a file that is only
# written when it changes. Evaluated here, before targets add flags of their own.
SETTINGS := $(BOARD) $(HEAP_SIZE) $(CC) $(CFLAGS) $(CFLAGS_EXTMOD) $(CFLAGS_THIRDPARTY)
$(BUILD)/settings.txt: FORCE
	$(Q)$(MKDIR) -p $(@D)
	$(Q)echo '$(SETTINGS)' | cmp -s - $@ || echo '$(SETTINGS)' > $@

################################################################################
# Sources

PORT_SRC_C = \
	console.c \
	event.c \
	flash.c \
	hostflash.c \
	main.c \
	modcortexm.c \
	mphalport.c \
	net.c \
	network_lan.c \
	nor.c \
	machine_pin.c \
	machine_rtc.c \
	platform_host.c \
	random.c \
	reset.c \
	semihosting.c \
	startup.c \
	tickclock.c \
	uart.c \
	mbedtls/mbedtls_port.c \
	$(SOC_SRC_C)

SHARED_SRC_C = \
	shared/readline/readline.c \
	shared/runtime/gchelper_native.c \
	shared/runtime/interrupt_char.c \
	shared/runtime/mpirq.c \
	shared/runtime/pyexec.c \
	shared/runtime/softtimer.c \
	shared/runtime/stdout_helpers.c \
	shared/runtime/sys_stdio_mphal.c \
	shared/timeutils/timeutils.c

SRC_C += $(PORT_SRC_C) $(SHARED_SRC_C)
SRC_S += shared/runtime/gchelper_thumb2.s
LIB_SRC_C += $(SRC_LIB_LIBM_C) $(SRC_LIB_LIBM_SQRT_SW_C)

OBJ += $(PY_O) $(addprefix $(BUILD)/,$(SRC_C:.c=.o) $(SRC_S:.s=.o) $(LIB_SRC_C:.c=.o))
SRC_QSTR += $(SRC_C) $(LIB_SRC_C)

# Ours is held to more than MicroPython's own flags ask for; callbacks rarely use all of their arguments.
$(addprefix $(BUILD)/,$(PORT_SRC_C:.c=.o)): CFLAGS += -Wextra -Wno-unused-parameter -Wno-missing-field-initializers

# Before mkrules.mk, so that a file of ours is found first.
vpath %.c $(PORT_DIR)

################################################################################
# Goals. An image appears as a whole: an emulator may be started while it is built anew.

$(OBJ): $(BUILD)/settings.txt

$(OUT)/firmware.elf: $(OBJ) $(BUILD)/settings.txt $(PORT_DIR)/cortexm.ld $(BOARD_DIR)/memory.ld
	$(ECHO) "LINK $@"
	$(Q)$(CROSS_COMPILE)gcc $(LDFLAGS) -o $@.new $(OBJ) $(LIBS)
	$(Q)$(SIZE) $@.new
	$(Q)mv $@.new $@

$(OUT)/firmware.bin: $(OUT)/firmware.elf
	$(Q)$(OBJCOPY) -O binary $< $@.new
	$(Q)mv $@.new $@

include $(TOP)/py/mkrules.mk

MICROPY_MANIFEST_PORT_DIR = $(PORT_DIR)
