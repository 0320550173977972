#ifndef CORTEXM_RANDOM_H
#define CORTEXM_RANDOM_H

// Random numbers from the platform's cryptographic source.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Fills buf; false if the platform has no source.
bool random_bytes(uint8_t *buf, size_t len);

// One number, for TCP's sequence numbers, port numbers and the like. Resets the machine if there is no source: the
// network is not safe without.
uint32_t random_u32(void);

#endif // CORTEXM_RANDOM_H
