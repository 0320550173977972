#ifndef CORTEXM_TICKCLOCK_H
#define CORTEXM_TICKCLOCK_H

// A 64-bit clock from a free-running 32-bit counter.
//
// Time is never counted in interrupts: while the CPU sleeps they can be late or merged into one, and time would be
// lost. The counter has to be read at least once per wrap (2^32 ticks, 171 s at 25 MHz); event_wait() sleeps for less
// than a second at a time, so that it is.

#include <stdint.h>

typedef struct _tickclock_t {
    uint32_t ticks_per_ms;
    uint32_t last;      // counter at the last update
    uint32_t ms_part;   // ticks since the last whole millisecond
    uint64_t ticks;     // since the clock was started
    uint64_t ms;        // since the clock was started
} tickclock_t;

void tickclock_start(tickclock_t *clock, uint32_t counter, uint32_t ticks_per_ms);

// Takes in the counter's present value. The divisions are of 32 bits, which Cortex-M has an instruction for.
void tickclock_update(tickclock_t *clock, uint32_t counter);

// Microseconds since the start, at the last update, modulo 2^32.
uint32_t tickclock_us(const tickclock_t *clock);

// Nanoseconds since the start, at the last update.
uint64_t tickclock_ns(const tickclock_t *clock);

#endif // CORTEXM_TICKCLOCK_H
