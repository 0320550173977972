#ifndef CORTEXM_EVENT_H
#define CORTEXM_EVENT_H

// What runs beside Python, and how the CPU sleeps.
//
// There is no operating system and no code that runs Python or lwIP in an interrupt. Interrupt handlers move bytes and
// call event_signal(); lwIP and timers run at thread level, in event_poll(), which MicroPython calls whenever it waits
// and the virtual machine calls every so often while it computes. So nothing needs a lock, and a run of the emulator
// that counts instructions repeats exactly.

#include <stdbool.h>
#include <stdint.h>

// Something may have become ready: the next event_wait() returns at once. Safe in interrupt handlers.
void event_signal(void);

// Runs the timers and the network stack. Thread level only, never from inside lwIP.
void event_poll(void);

// Sleeps until an event or interrupt, or until timeout_ms milliseconds have passed; UINT32_MAX means no limit.
// May return early.
void event_wait(uint32_t timeout_ms);

// The virtual machine calls this at every backward jump; one call in EVENT_VM_DIVIDER polls.
#define EVENT_VM_DIVIDER (64)
extern unsigned int event_vm_count;
static inline void event_poll_from_vm(void) {
    if (++event_vm_count >= EVENT_VM_DIVIDER) {
        event_vm_count = 0;
        event_poll();
    }
}

#if CORTEXM_BENCH
// Counter ticks that the CPU spent asleep since the start.
uint64_t event_idle_ticks(void);
#endif

#endif // CORTEXM_EVENT_H
