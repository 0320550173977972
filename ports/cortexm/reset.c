// Why the machine started: see reset.h.

#include "reset.h"
#include "soc.h"

// RAM holds anything when the power comes on, or zeros in an emulator.
#define RETAINED_MAGIC (0x5265a71e)

typedef struct _retained_t {
    uint32_t magic;
    uint32_t cause;     // of the reset to come
    uint32_t handle;
} retained_t;

extern retained_t _retained;

uint32_t *const reset_retained_handle = &_retained.handle;

static reset_cause_t cause;

void reset_init(void) {
    if (_retained.magic == RETAINED_MAGIC) {
        cause = _retained.cause;
    } else {
        cause = RESET_CAUSE_POWER_ON;
        _retained.magic = RETAINED_MAGIC;
        _retained.handle = 0;
    }
    // A reset that comes from outside, by a button or by the emulator, leaves no message.
    _retained.cause = RESET_CAUSE_HARD;
}

reset_cause_t reset_cause(void) {
    return cause;
}

void reset_soft(void) {
    cause = RESET_CAUSE_SOFT;
}

void reset_system(reset_cause_t why) {
    _retained.cause = why;
    NVIC_SystemReset();
}
