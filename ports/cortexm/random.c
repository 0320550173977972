// Random numbers: see random.h.

#include <string.h>

#include "py/mphal.h"
#include "py/runtime.h"

#include "platform.h"
#include "random.h"
#include "reset.h"

#if CORTEXM_BENCH
// SplitMix64 (Steele, Lea, Flood 2014) of the run's seed: every byte repeats from run to run. Bench images only.
static bool seeded_bytes(uint8_t *buf, size_t len) {
    static uint64_t state;
    static bool started;
    if (!started) {
        state = platform->seed();
        started = true;
    }
    while (len-- > 0) {
        state += 0x9e3779b97f4a7c15;
        uint64_t z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        *buf++ = z >> 56;
    }
    return true;
}
#endif

bool random_bytes(uint8_t *buf, size_t len) {
    #if CORTEXM_BENCH
    if (platform->seed() != 0) {
        return seeded_bytes(buf, len);
    }
    #endif
    return platform->random(buf, len);
}

uint32_t random_u32(void) {
    uint32_t value;
    if (!random_bytes((uint8_t *)&value, sizeof(value))) {
        mp_printf(&mp_plat_print, "no source of random numbers: the platform failed\n");
        reset_system(RESET_CAUSE_HARD);
    }
    return value;
}
