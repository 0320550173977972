// The port's part of the machine module: included by extmod/modmachine.c.

#include "py/mphal.h"

#include "event.h"
#include "platform.h"
#include "reset.h"
#include "soc.h"

#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_Pin), MP_ROM_PTR(&machine_pin_type) }, \
    { MP_ROM_QSTR(MP_QSTR_RTC), MP_ROM_PTR(&machine_rtc_type) }, \
    { MP_ROM_QSTR(MP_QSTR_Timer), MP_ROM_PTR(&machine_timer_type) }, \
    { MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(RESET_CAUSE_POWER_ON) }, \
    { MP_ROM_QSTR(MP_QSTR_HARD_RESET), MP_ROM_INT(RESET_CAUSE_HARD) }, \
    { MP_ROM_QSTR(MP_QSTR_WDT_RESET), MP_ROM_INT(RESET_CAUSE_WATCHDOG) }, \
    { MP_ROM_QSTR(MP_QSTR_DEEPSLEEP_RESET), MP_ROM_INT(RESET_CAUSE_DEEPSLEEP) }, \
    { MP_ROM_QSTR(MP_QSTR_SOFT_RESET), MP_ROM_INT(RESET_CAUSE_SOFT) },

static void mp_machine_idle(void) {
    mp_event_wait_indefinite();
}

NORETURN static void mp_machine_reset(void) {
    reset_system(RESET_CAUSE_HARD);
}

static mp_int_t mp_machine_reset_cause(void) {
    return reset_cause();
}

static mp_obj_t mp_machine_unique_id(void) {
    uint8_t id[PLATFORM_ID_SIZE];
    platform->unique_id(id);
    return mp_obj_new_bytes(id, sizeof(id));
}

static mp_obj_t mp_machine_get_freq(void) {
    return MP_OBJ_NEW_SMALL_INT(SOC_CPU_HZ);
}

static void mp_machine_set_freq(size_t n_args, const mp_obj_t *args) {
    mp_raise_NotImplementedError(MP_ERROR_TEXT("machine.freq set not supported"));
}

// Sleeps as idle code does; the network goes on. Without a time it never ends, as nothing else is set to wake it.
static void mp_machine_lightsleep(size_t n_args, const mp_obj_t *args) {
    if (n_args > 0) {
        mp_hal_delay_ms(mp_obj_get_int(args[0]));
        return;
    }
    for (;;) {
        mp_event_wait_indefinite();
    }
}

NORETURN static void mp_machine_deepsleep(size_t n_args, const mp_obj_t *args) {
    mp_machine_lightsleep(n_args, args);
    reset_system(RESET_CAUSE_DEEPSLEEP);
}
