// What runs beside Python, and how the CPU sleeps: see event.h.

#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/softtimer.h"

#include "event.h"
#include "net.h"
#include "soc.h"

// SysTick counts 24 bits at the CPU's clock: the longest that one sleep can last.
#define SLEEP_MAX_MS (SysTick_LOAD_RELOAD_Msk / (SOC_CPU_HZ / 1000))

unsigned int event_vm_count;

static volatile bool event_flag;

static bool timer_armed;
static uint32_t timer_ms;

#if CORTEXM_BENCH
static uint64_t idle_ticks;

uint64_t event_idle_ticks(void) {
    return idle_ticks;
}
#endif

void event_signal(void) {
    event_flag = true;
}

/******************************************************************************/
// The time of MicroPython's soft timers (machine.Timer).

uint32_t soft_timer_get_ms(void) {
    return mp_hal_ticks_ms();
}

void soft_timer_schedule_at_ms(uint32_t ticks_ms) {
    timer_ms = ticks_ms;
    timer_armed = true;
}

static uint32_t timer_remaining_ms(void) {
    if (!timer_armed) {
        return UINT32_MAX;
    }
    return MAX(soft_timer_ticks_diff(timer_ms, mp_hal_ticks_ms()), 0);
}

/******************************************************************************/

void event_poll(void) {
    if (timer_remaining_ms() == 0) {
        timer_armed = false;
        soft_timer_handler();
        event_signal();
    }
    if (net_poll()) {
        event_signal();
    }
}

// True if Python has something to do. Interrupts are off, so what an interrupt adds after this wakes the WFI.
static bool python_is_pending(void) {
    return MP_STATE_VM(sched_state) == MP_SCHED_PENDING || MP_STATE_MAIN_THREAD(mp_pending_exception) != MP_OBJ_NULL;
}

// Sleeps with interrupts off: WFI wakes on a pending one all the same, and it is taken when they are back on. That
// closes the gap between looking for work and going to sleep.
static void sleep_ms(uint32_t ms) {
    SysTick->LOAD = ms * (SOC_CPU_HZ / 1000);
    SysTick->VAL = 0;
    SysTick->CTRL = SysTick_CTRL_CLKSOURCE_Msk | SysTick_CTRL_TICKINT_Msk | SysTick_CTRL_ENABLE_Msk;
    #if CORTEXM_BENCH
    uint64_t start = mp_hal_ticks64();
    #endif
    __DSB();
    __WFI();
    // The timer's only work is to wake the CPU: its interrupt is withdrawn before it could be taken.
    SysTick->CTRL = 0;
    SCB->ICSR = SCB_ICSR_PENDSTCLR_Msk;
    #if CORTEXM_BENCH
    idle_ticks += mp_hal_ticks64() - start;
    #endif
}

void event_wait(uint32_t timeout_ms) {
    uint32_t limit = MIN(MIN(timeout_ms, SLEEP_MAX_MS), MIN(timer_remaining_ms(), net_sleep_ms()));
    uint32_t irq_state = disable_irq();
    if (!event_flag && limit > 0 && !python_is_pending()) {
        sleep_ms(limit);
    }
    event_flag = false;
    enable_irq(irq_state);
}
