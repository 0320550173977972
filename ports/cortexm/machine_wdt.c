// machine.WDT over the SoC's watchdog: included by extmod/machine_wdt.c.

#include "soc.h"

struct _machine_wdt_obj_t {
    mp_obj_base_t base;
};

static machine_wdt_obj_t machine_wdt = { { &machine_wdt_type } };

static void check_timeout(mp_int_t timeout_ms) {
    if (timeout_ms < 1 || (uint32_t)timeout_ms > SOC_WATCHDOG_MAX_MS) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("timeout must be 1 to %u ms"),
            (unsigned int)SOC_WATCHDOG_MAX_MS);
    }
}

static machine_wdt_obj_t *mp_machine_wdt_make_new_instance(mp_int_t id, mp_int_t timeout_ms) {
    if (id != 0) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("WDT(%d) doesn't exist"), (int)id);
    }
    check_timeout(timeout_ms);
    soc_watchdog_start(timeout_ms);
    return &machine_wdt;
}

static void mp_machine_wdt_feed(machine_wdt_obj_t *self) {
    soc_watchdog_feed();
}

static void mp_machine_wdt_timeout_ms_set(machine_wdt_obj_t *self, mp_int_t timeout_ms) {
    check_timeout(timeout_ms);
    soc_watchdog_start(timeout_ms);
}
