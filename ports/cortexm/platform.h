#ifndef CORTEXM_PLATFORM_H
#define CORTEXM_PLATFORM_H

// What differs between silicon and an emulator that lacks the peripheral: on silicon these are registers, in QEMU they
// are services of the host, reached by semihosting. The SoC chooses at the start, in soc_init().

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct _flash_t;

#define PLATFORM_ID_SIZE (8)

typedef struct _platform_t {
    // Called once, before anything else of this table.
    void (*init)(void);

    // Fills buf from a cryptographic source; false if there is none.
    bool (*random)(uint8_t *buf, size_t len);

    // Seconds since 1970-01-01 00:00:00 UTC, or 0 if nobody knows.
    uint64_t (*wall_clock)(void);

    // The number that tells this board from all others.
    void (*unique_id)(uint8_t id[PLATFORM_ID_SIZE]);

    // The flash memory for files; NULL if there is none.
    const struct _flash_t *(*flash)(void);

    #if CORTEXM_BENCH
    // A run's seed, if it is to be repeatable; 0 if not.
    uint32_t (*seed)(void);
    #endif
} platform_t;

extern const platform_t *platform;

// The services of the host that QEMU runs on. See platform_host.c for the command line they are set up with.
extern const platform_t platform_host;

#endif // CORTEXM_PLATFORM_H
