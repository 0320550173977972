// A 64-bit clock from a free-running 32-bit counter: see tickclock.h.

#include "tickclock.h"

void tickclock_start(tickclock_t *clock, uint32_t counter, uint32_t ticks_per_ms) {
    clock->ticks_per_ms = ticks_per_ms;
    clock->last = counter;
    clock->ms_part = 0;
    clock->ticks = 0;
    clock->ms = 0;
}

void tickclock_update(tickclock_t *clock, uint32_t counter) {
    // Unsigned arithmetic gives the right difference across a wrap.
    uint32_t elapsed = counter - clock->last;
    clock->last = counter;
    clock->ticks += elapsed;
    uint32_t whole_ms = elapsed / clock->ticks_per_ms;
    clock->ms += whole_ms;
    clock->ms_part += elapsed - whole_ms * clock->ticks_per_ms;
    if (clock->ms_part >= clock->ticks_per_ms) {
        clock->ms_part -= clock->ticks_per_ms;
        clock->ms += 1;
    }
}

uint32_t tickclock_us(const tickclock_t *clock) {
    return (uint32_t)clock->ms * 1000 + clock->ms_part * 1000 / clock->ticks_per_ms;
}

uint64_t tickclock_ns(const tickclock_t *clock) {
    return clock->ms * 1000000 + (uint64_t)clock->ms_part * 1000000 / clock->ticks_per_ms;
}
