#ifndef CORTEXM_MPHALPORT_H
#define CORTEXM_MPHALPORT_H

#include <stddef.h>
#include <stdint.h>

#include "shared/runtime/interrupt_char.h"

// Ticks of the SoC's free-running counter since the start.
uint64_t mp_hal_ticks64(void);

void mp_hal_set_interrupt_char(int c);

static inline uint32_t disable_irq(void) {
    uint32_t state;
    __asm volatile ("mrs %0, primask\n cpsid i" : "=r" (state) : : "memory");
    return state;
}

static inline void enable_irq(uint32_t state) {
    __asm volatile ("msr primask, %0" : : "r" (state) : "memory");
}

#define MICROPY_BEGIN_ATOMIC_SECTION()     disable_irq()
#define MICROPY_END_ATOMIC_SECTION(state)  enable_irq(state)

#endif // CORTEXM_MPHALPORT_H
