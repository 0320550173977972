#ifndef CORTEXM_RESET_H
#define CORTEXM_RESET_H

// Why the machine started, in a few words of RAM that a reset leaves alone (_retained in the board's memory.ld).

#include <stdint.h>

// Values of machine.reset_cause().
typedef enum _reset_cause_t {
    RESET_CAUSE_POWER_ON = 1,
    RESET_CAUSE_HARD,
    RESET_CAUSE_WATCHDOG,
    RESET_CAUSE_DEEPSLEEP,
    RESET_CAUSE_SOFT,
} reset_cause_t;

// Reads what the last run left, once after each start of the machine.
void reset_init(void);

reset_cause_t reset_cause(void);

// MicroPython's soft reset: the machine runs on.
void reset_soft(void);

// Resets the machine. Safe in interrupt and fault handlers.
void reset_system(reset_cause_t cause) __attribute__((noreturn));

// A handle of the host that the last run may have left open, plus 1; 0 if none. Semihosting does not close handles when
// the machine resets.
extern uint32_t *const reset_retained_handle;

#endif // CORTEXM_RESET_H
