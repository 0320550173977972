// Watchdog of Arm's Cortex-M System Design Kit (DDI 0479, section 4.5).
//
// When the count runs out the first time it raises the NMI, which notes the cause and resets. If that fails, because the
// program has wrecked even the vector table, the second time resets in hardware.

#include "reset.h"
#include "soc.h"

typedef struct _cmsdk_watchdog_t {
    __IO uint32_t LOAD;         // starts a count
    __I uint32_t VALUE;
    __IO uint32_t CONTROL;
    __O uint32_t INTCLR;        // a write clears the interrupt and starts a count anew
    uint32_t reserved_010[(0xc00 - 0x010) / 4];
    __IO uint32_t LOCK;
} cmsdk_watchdog_t;

#define WATCHDOG            ((cmsdk_watchdog_t *)SOC_WATCHDOG_BASE)
#define LOCK_OPEN           (0x1acce551)
#define CONTROL_INTERRUPT   (1 << 0)
#define CONTROL_RESET       (1 << 1)

void soc_watchdog_start(uint32_t timeout_ms) {
    WATCHDOG->LOCK = LOCK_OPEN;
    WATCHDOG->LOAD = timeout_ms * (SOC_CPU_HZ / 1000);
    WATCHDOG->CONTROL = CONTROL_INTERRUPT | CONTROL_RESET;
    WATCHDOG->LOCK = 0;
}

void soc_watchdog_feed(void) {
    WATCHDOG->LOCK = LOCK_OPEN;
    WATCHDOG->INTCLR = 1;
    WATCHDOG->LOCK = 0;
}

void NMI_Handler(void) {
    reset_system(RESET_CAUSE_WATCHDOG);
}
