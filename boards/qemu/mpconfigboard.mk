SOC = mps2

# Bytes of MicroPython heap; make HEAP_SIZE=196608 gives what a small microcontroller has.
HEAP_SIZE ?= 4194304
