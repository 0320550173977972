// MicroPython's configuration for this port.
#include <alloca.h>
#include <stdint.h>

#include "mpconfigboard.h"

#define MICROPY_CONFIG_ROM_LEVEL                (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Compiler and native code.
#define MICROPY_EMIT_THUMB                      (1)
#define MICROPY_EMIT_INLINE_THUMB               (1)
#define MICROPY_MAKE_POINTER_CALLABLE(p)        ((void *)((mp_uint_t)(p) | 1))
#define MICROPY_PERSISTENT_CODE_LOAD            (1)

// Memory and errors.
#define MICROPY_ENABLE_GC                       (1)
#define MICROPY_STACK_CHECK_MARGIN              (1024)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF  (1)
#define MICROPY_LONGINT_IMPL                    (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL                      (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_USE_INTERNAL_ERRNO              (1)
#define MICROPY_USE_INTERNAL_PRINTF             (0)
#define MICROPY_TRACKED_ALLOC                   (MICROPY_PY_SSL)

// Scheduler and console.
#define MICROPY_ENABLE_SCHEDULER                (1)
#define MICROPY_SCHEDULER_STATIC_NODES          (1)
#define MICROPY_HELPER_REPL                     (1)
#define MICROPY_REPL_AUTO_INDENT                (1)
#define MICROPY_PY_SYS_PLATFORM                 "cortexm"

// Time. The epoch is that of CPython, so that a time stamp means the same on the host and on the board.
#define MICROPY_EPOCH_IS_1970                   (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS            (1)
#define MICROPY_PY_TIME_INCLUDEFILE             "cortexm/modtime.c"

#define MICROPY_PY_OS_UNAME                     (1)
#define MICROPY_PY_OS_URANDOM                   (1)
#define MICROPY_PY_OS_INCLUDEFILE               "cortexm/modos.c"
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC        (random_u32())

// Files.
#define MICROPY_VFS                             (1)
#define MICROPY_READER_VFS                      (1)

// Hashes come with mbedtls.
#define MICROPY_PY_HASHLIB_MD5                  (MICROPY_PY_SSL)
#define MICROPY_PY_HASHLIB_SHA1                 (MICROPY_PY_SSL)
#define MICROPY_PY_CRYPTOLIB                    (MICROPY_PY_SSL)

// Network.
#define MICROPY_PY_NETWORK                      (1)
#define MICROPY_PY_SOCKET                       (1)
#define MICROPY_PY_WEBSOCKET                    (1)
#define MICROPY_PORT_NETWORK_INTERFACES \
    { MP_ROM_QSTR(MP_QSTR_LAN), MP_ROM_PTR(&network_lan_type) },
extern const struct _mp_obj_type_t network_lan_type;

// The machine module.
#define MICROPY_PY_MACHINE                      (1)
#define MICROPY_PY_MACHINE_INCLUDEFILE          "cortexm/modmachine.c"
#define MICROPY_PY_MACHINE_RESET                (1)
#define MICROPY_PY_MACHINE_BARE_METAL_FUNCS     (1)
#define MICROPY_PY_MACHINE_DISABLE_IRQ_ENABLE_IRQ (1)
#define MICROPY_PY_MACHINE_PIN_BASE             (1)
#define MICROPY_PY_MACHINE_PULSE                (1)
#define MICROPY_PY_MACHINE_TIMER                (1)
#define MICROPY_PY_MACHINE_UART                 (1)
#define MICROPY_PY_MACHINE_UART_INCLUDEFILE     "cortexm/machine_uart.c"
#define MICROPY_PY_MACHINE_WDT                  (1)
#define MICROPY_PY_MACHINE_WDT_INCLUDEFILE      "cortexm/machine_wdt.c"
#define MICROPY_PY_MACHINE_WDT_TIMEOUT_MS       (1)

// Soft timers and lwIP run at thread level only, from event_poll(): nothing has to be kept out.
#define MICROPY_PY_PENDSV_ENTER
#define MICROPY_PY_PENDSV_EXIT

// What runs beside Python: see event.h.
#define MICROPY_INTERNAL_EVENT_HOOK             event_poll()
#define MICROPY_INTERNAL_WFE(timeout_ms)        event_wait(timeout_ms)
#define MICROPY_VM_HOOK_LOOP                    event_poll_from_vm();

#define MP_SSIZE_MAX                            (0x7fffffff)
#define UINT_FMT                                "%lu"
#define INT_FMT                                 "%ld"
#define HEX_FMT                                 "%lx"

typedef int32_t mp_int_t;
typedef uint32_t mp_uint_t;
typedef long mp_off_t;

// The C library has log2() as a macro only.
#define MP_NEED_LOG2                            (1)

#define MP_STATE_PORT                           MP_STATE_VM

#include "event.h"
#include "random.h"
