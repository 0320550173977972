// The console: see console.h.

#include <string.h>

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "console.h"
#include "soc.h"
#include "uart.h"

#define CONSOLE_BAUDRATE    (115200)

// A terminal that stopped reading must not stop the board: after this time output is dropped until it reads again.
#define CONSOLE_TX_LIMIT_MS (500)

static uint8_t rx_buf[2048];
static bool tx_stalled;

void console_init(void) {
    uart_init(UART_CONSOLE, CONSOLE_BAUDRATE, rx_buf, sizeof(rx_buf));
}

void console_panic(const char *str) {
    for (; *str != '\0'; ++str) {
        while (!soc_uart_tx_ready(UART_CONSOLE)) {
        }
        soc_uart_tx(UART_CONSOLE, *str);
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = poll_flags & MP_STREAM_POLL_WR;
    if ((poll_flags & MP_STREAM_POLL_RD) && uart_rx_any(UART_CONSOLE) > 0) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready;
}

int mp_hal_stdin_rx_chr(void) {
    int byte;
    while ((byte = uart_rx(UART_CONSOLE)) < 0) {
        mp_event_wait_indefinite();
    }
    return byte;
}

mp_uint_t mp_hal_stdout_tx_strn(const char *str, size_t len) {
    for (size_t i = 0; i < len; ++i) {
        tx_stalled = !uart_tx_wait(UART_CONSOLE, tx_stalled ? 0 : CONSOLE_TX_LIMIT_MS);
        if (!tx_stalled) {
            soc_uart_tx(UART_CONSOLE, str[i]);
        }
    }
    return len;
}
