# The heap that a small microcontroller has, such as an RP2040.
HEAP_SIZE = 196608
