# Arm MPS2 FPGA image AN385: one Cortex-M3.
SOC_CFLAGS = -mthumb -mcpu=cortex-m3 -mfloat-abi=soft
SOC_MPY_CROSS_FLAGS = -march=armv7m
SOC_SRC_C = \
	soc/mps2/pins.c \
	soc/mps2/soc.c \
	soc/mps2/uart_cmsdk.c \
	soc/mps2/watchdog_cmsdk.c \
	nic/lan9118.c
