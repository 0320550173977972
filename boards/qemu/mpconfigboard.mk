SOC = mps2

# Bytes of MicroPython heap. The variant HEAP192K has what a small microcontroller has.
HEAP_SIZE ?= 4194304
