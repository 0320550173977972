// The life of the interpreter: started once a soft reset.

#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "shared/readline/readline.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"
#include "shared/runtime/softtimer.h"

#include "console.h"
#include "machine_uart.h"
#include "mphalport_time.h"
#include "net.h"
#include "platform.h"
#include "reset.h"

// Set by cortexm.ld and the board.
extern uint8_t _estack, _stack_size, _heap_start, _heap_end;

// Room that MicroPython leaves on the stack for what it calls: lwIP, mbedtls, littlefs.
#define STACK_RESERVE (4096)

static void interpreter_init(void) {
    gc_init(&_heap_start, &_heap_end);
    mp_init();
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_lib));
    readline_init0();
}

// Files and sockets close by their finalisers, so they go while the network still runs.
static void interpreter_deinit(void) {
    mp_printf(MP_PYTHON_PRINTER, "MPY: soft reboot\n");
    soft_timer_deinit();
    gc_sweep_all();
    machine_uart_deinit_all();
    net_lan_stop();
    mp_deinit();
    reset_soft();
}

// The scripts of a start: the port's, then the user's boot.py and main.py. A frozen script goes before a file. Any of
// the user's may ask for a soft reset, by sys.exit(): then the rest is not run.
static void run_scripts(void) {
    pyexec_frozen_module("_boot.py", false);
    int result = pyexec_file_if_exists("boot.py");
    if (result & PYEXEC_FORCED_EXIT) {
        return;
    }
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && result != 0) {
        result = pyexec_file_if_exists("main.py");
        if (result & PYEXEC_FORCED_EXIT) {
            return;
        }
    }
    do {
        result = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
    } while (result == 0);
}

int main(void) {
    reset_init();
    console_init();
    platform->init();
    mp_hal_time_init();
    mp_stack_set_top(&_estack);
    mp_stack_set_limit((mp_uint_t)&_stack_size - STACK_RESERVE);
    net_init();
    for (;;) {
        interpreter_init();
        run_scripts();
        interpreter_deinit();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    soft_timer_gc_mark_all();
    gc_collect_end();
}

// An exception outside of every handler: nothing is left to go on with.
void nlr_jump_fail(void *val) {
    console_panic("\r\nFAULT uncaught exception in the interpreter; resetting\r\n");
    reset_system(RESET_CAUSE_HARD);
}
