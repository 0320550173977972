// What MicroPython's core asks of a port: time and delays. The console is in console.c.

#include "py/mphal.h"
#include "py/runtime.h"

#include "mphalport_time.h"
#include "platform.h"
#include "soc.h"
#include "tickclock.h"

#define NS_PER_S ((uint64_t)1000000000)

static tickclock_t uptime;
static uint64_t start_epoch_ns;

void mp_hal_time_init(void) {
    tickclock_start(&uptime, soc_counter(), SOC_COUNTER_HZ / 1000);
    start_epoch_ns = platform->wall_clock() * NS_PER_S;
}

// Interrupt handlers do not read the time, so the clock needs no protection.
static const tickclock_t *now(void) {
    tickclock_update(&uptime, soc_counter());
    return &uptime;
}

uint64_t mp_hal_ticks64(void) {
    return now()->ticks;
}

mp_uint_t mp_hal_ticks_ms(void) {
    return now()->ms;
}

mp_uint_t mp_hal_ticks_us(void) {
    return tickclock_us(now());
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return soc_counter();
}

uint64_t mp_hal_time_ns(void) {
    return start_epoch_ns + tickclock_ns(now());
}

uint64_t mp_hal_time_s(void) {
    return mp_hal_time_ns() / NS_PER_S;
}

void mp_hal_set_time_ns(uint64_t nanoseconds) {
    start_epoch_ns = nanoseconds - tickclock_ns(now());
}

// Measured in ticks: counted in milliseconds, a delay that starts in the middle of one would be too short.
void mp_hal_delay_ms(mp_uint_t ms) {
    const uint32_t ticks_per_ms = SOC_COUNTER_HZ / 1000;
    uint64_t end = mp_hal_ticks64() + (uint64_t)ms * ticks_per_ms;
    mp_event_handle_nowait();
    uint64_t now;
    while ((now = mp_hal_ticks64()) < end) {
        mp_event_wait_ms((end - now + ticks_per_ms - 1) / ticks_per_ms);
    }
}

// Delays of microseconds are used by bit-banged protocols: nothing else runs meanwhile.
void mp_hal_delay_us(mp_uint_t us) {
    mp_uint_t start = mp_hal_ticks_us();
    while (mp_hal_ticks_us() - start < us) {
    }
}
