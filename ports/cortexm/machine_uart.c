// machine.UART over the SoC's UARTs: included by extmod/machine_uart.c. The console's is not to be had.

#include "py/mperrno.h"
#include "py/mphal.h"

#include "machine_uart.h"
#include "soc.h"
#include "uart.h"

#define MICROPY_PY_MACHINE_UART_CLASS_CONSTANTS

#define UART_DEFAULT_BAUDRATE   (115200)
#define UART_RXBUF_MIN          (32)
#define UART_RXBUF_DEFAULT      (256)
#define UART_RXBUF_MAX          (32766)

struct _machine_uart_obj_t {
    mp_obj_base_t base;
    uint8_t id;
    uint32_t baudrate;
    uint16_t rxbuf_len;
    uint16_t timeout;       // ms to wait for the first byte
    uint16_t timeout_char;  // ms to wait between bytes
};

// Objects of the UARTs in use; they keep the buffers alive.
MP_REGISTER_ROOT_POINTER(struct _machine_uart_obj_t *machine_uart_objs[SOC_NUM_UART]);
MP_REGISTER_ROOT_POINTER(uint8_t *machine_uart_rxbufs[SOC_NUM_UART]);

static void mp_machine_uart_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    machine_uart_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_printf(print, "UART(%u, baudrate=%u, bits=8, parity=None, stop=1, rxbuf=%u, timeout=%u, timeout_char=%u)",
        self->id, (unsigned int)self->baudrate, self->rxbuf_len, self->timeout, self->timeout_char);
}

// A frame of 8 bits, no parity and 1 stop bit is all that every SoC's UART has.
static void check_frame(const mp_arg_val_t *bits, const mp_arg_val_t *parity, const mp_arg_val_t *stop) {
    if (bits->u_int != 8 || parity->u_obj != mp_const_none || stop->u_int != 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("only bits=8, parity=None, stop=1"));
    }
}

static void start(machine_uart_obj_t *self) {
    uint8_t *rxbuf = m_new(uint8_t, self->rxbuf_len + 1);
    uart_init(self->id, self->baudrate, rxbuf, self->rxbuf_len + 1);
    MP_STATE_PORT(machine_uart_rxbufs)[self->id] = rxbuf;
}

static void mp_machine_uart_init_helper(machine_uart_obj_t *self, size_t n_args, const mp_obj_t *pos_args,
    mp_map_t *kw_args) {
    enum { ARG_baudrate, ARG_bits, ARG_parity, ARG_stop, ARG_rxbuf, ARG_timeout, ARG_timeout_char };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_baudrate, MP_ARG_INT, {.u_int = UART_DEFAULT_BAUDRATE} },
        { MP_QSTR_bits, MP_ARG_INT, {.u_int = 8} },
        { MP_QSTR_parity, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
        { MP_QSTR_stop, MP_ARG_INT, {.u_int = 1} },
        { MP_QSTR_rxbuf, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = UART_RXBUF_DEFAULT} },
        { MP_QSTR_timeout, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = 0} },
        { MP_QSTR_timeout_char, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = 0} },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args, pos_args, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);
    check_frame(&args[ARG_bits], &args[ARG_parity], &args[ARG_stop]);
    if (args[ARG_baudrate].u_int < 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("bad baudrate"));
    }
    self->baudrate = args[ARG_baudrate].u_int;
    self->rxbuf_len = MIN(MAX(args[ARG_rxbuf].u_int, UART_RXBUF_MIN), UART_RXBUF_MAX);
    self->timeout = args[ARG_timeout].u_int;
    self->timeout_char = args[ARG_timeout_char].u_int;
    start(self);
}

static mp_obj_t mp_machine_uart_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, MP_OBJ_FUN_ARGS_MAX, true);
    mp_int_t id = mp_obj_get_int(args[0]);
    if (id <= UART_CONSOLE || id >= SOC_NUM_UART) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("UART(%d) doesn't exist"), (int)id);
    }
    machine_uart_obj_t *self = MP_STATE_PORT(machine_uart_objs)[id];
    bool is_new = self == NULL;
    if (is_new) {
        self = mp_obj_malloc(machine_uart_obj_t, type);
        self->id = id;
    }
    // UART(n) alone is the UART as it was set up before.
    if (is_new || n_args > 1 || n_kw > 0) {
        mp_map_t kw_args;
        mp_map_init_fixed_table(&kw_args, n_kw, args + n_args);
        mp_machine_uart_init_helper(self, n_args - 1, args + 1, &kw_args);
    }
    MP_STATE_PORT(machine_uart_objs)[id] = self;
    return MP_OBJ_FROM_PTR(self);
}

static void mp_machine_uart_deinit(machine_uart_obj_t *self) {
    uart_deinit(self->id);
    MP_STATE_PORT(machine_uart_rxbufs)[self->id] = NULL;
    MP_STATE_PORT(machine_uart_objs)[self->id] = NULL;
}

void machine_uart_deinit_all(void) {
    for (unsigned int n = 0; n < SOC_NUM_UART; ++n) {
        if (MP_STATE_PORT(machine_uart_objs)[n] != NULL) {
            uart_deinit(n);
            MP_STATE_PORT(machine_uart_objs)[n] = NULL;
        }
    }
}

static mp_int_t mp_machine_uart_any(machine_uart_obj_t *self) {
    return uart_rx_any(self->id);
}

static bool mp_machine_uart_txdone(machine_uart_obj_t *self) {
    return soc_uart_tx_ready(self->id);
}

// Waits for a byte; false if none came in time.
static bool rx_wait(machine_uart_obj_t *self, mp_uint_t timeout_ms) {
    mp_uint_t start_ms = mp_hal_ticks_ms();
    while (uart_rx_any(self->id) == 0) {
        mp_uint_t elapsed = mp_hal_ticks_ms() - start_ms;
        if (elapsed >= timeout_ms) {
            return false;
        }
        mp_event_wait_ms(timeout_ms - elapsed);
    }
    return true;
}

static mp_uint_t mp_machine_uart_read(mp_obj_t self_in, void *buf_in, mp_uint_t size, int *errcode) {
    machine_uart_obj_t *self = MP_OBJ_TO_PTR(self_in);
    uint8_t *buf = buf_in;
    mp_uint_t n = 0;
    while (n < size && rx_wait(self, n == 0 ? self->timeout : self->timeout_char)) {
        buf[n++] = uart_rx(self->id);
    }
    if (n == 0 && size > 0) {
        *errcode = MP_EAGAIN;
        return MP_STREAM_ERROR;
    }
    return n;
}

static mp_uint_t mp_machine_uart_write(mp_obj_t self_in, const void *buf_in, mp_uint_t size, int *errcode) {
    machine_uart_obj_t *self = MP_OBJ_TO_PTR(self_in);
    const uint8_t *buf = buf_in;
    for (mp_uint_t n = 0; n < size; ++n) {
        while (!soc_uart_tx_ready(self->id)) {
            mp_event_handle_nowait();
        }
        soc_uart_tx(self->id, buf[n]);
    }
    return size;
}

static mp_uint_t mp_machine_uart_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t arg, int *errcode) {
    machine_uart_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (request == MP_STREAM_POLL) {
        mp_uint_t ready = 0;
        if ((arg & MP_STREAM_POLL_RD) && uart_rx_any(self->id) > 0) {
            ready |= MP_STREAM_POLL_RD;
        }
        if ((arg & MP_STREAM_POLL_WR) && soc_uart_tx_ready(self->id)) {
            ready |= MP_STREAM_POLL_WR;
        }
        return ready;
    }
    if (request == MP_STREAM_FLUSH) {
        while (!soc_uart_tx_ready(self->id)) {
            mp_event_handle_nowait();
        }
        return 0;
    }
    *errcode = MP_EINVAL;
    return MP_STREAM_ERROR;
}
