// Received bytes of all UARTs: see uart.h.

#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"

#include "event.h"
#include "soc.h"
#include "uart.h"

typedef struct _uart_rx_t {
    ringbuf_t ring;     // size is 0 while the UART is off
    bool held;          // the ring is full: the UART keeps what comes, and its interrupt is off
} uart_rx_t;

static uart_rx_t uart_state[SOC_NUM_UART];

void uart_init(unsigned int n, uint32_t baudrate, uint8_t *buf, size_t size) {
    uart_rx_t *rx = &uart_state[n];
    rx->ring = (ringbuf_t) { buf, size, 0, 0 };
    rx->held = false;
    soc_uart_init(n, baudrate);
    soc_uart_rx_irq(n, true);
}

void uart_deinit(unsigned int n) {
    soc_uart_rx_irq(n, false);
    soc_uart_deinit(n);
    uart_state[n].ring = (ringbuf_t) { NULL, 0, 0, 0 };
}

// A byte that the console does not deliver, as it interrupts the program.
static bool is_interrupt(unsigned int n, int byte) {
    if (n != UART_CONSOLE || byte != mp_interrupt_char) {
        return false;
    }
    mp_sched_keyboard_interrupt();
    return true;
}

// A full ring leaves the byte in the UART, and an emulator's or flow control's sender waits. But while a program runs
// that Ctrl-C is to stop, the byte behind what nobody reads may be that Ctrl-C: then bytes are dropped instead.
static bool must_hold(unsigned int n) {
    return ringbuf_free(&uart_state[n].ring) == 0 && (n != UART_CONSOLE || mp_interrupt_char < 0);
}

void uart_rx_handler(unsigned int n) {
    uart_rx_t *rx = &uart_state[n];
    while (soc_uart_rx_ready(n)) {
        if (must_hold(n)) {
            rx->held = true;
            soc_uart_rx_irq(n, false);
            break;
        }
        uint8_t byte = soc_uart_rx(n);
        if (!is_interrupt(n, byte)) {
            ringbuf_put(&rx->ring, byte);
        }
    }
    event_signal();
}

size_t uart_rx_any(unsigned int n) {
    uart_rx_t *rx = &uart_state[n];
    return rx->ring.size == 0 ? 0 : ringbuf_avail(&rx->ring);
}

int uart_rx(unsigned int n) {
    uart_rx_t *rx = &uart_state[n];
    if (rx->ring.size == 0) {
        return -1;
    }
    int byte = ringbuf_get(&rx->ring);
    if (rx->held) {
        uint32_t irq_state = disable_irq();
        rx->held = false;
        soc_uart_rx_irq(n, true);
        uart_rx_handler(n);
        enable_irq(irq_state);
    }
    return byte;
}

bool uart_tx_wait(unsigned int n, uint32_t timeout_ms) {
    if (soc_uart_tx_ready(n)) {
        return true;
    }
    mp_uint_t start = mp_hal_ticks_ms();
    while (!soc_uart_tx_ready(n)) {
        if (mp_hal_ticks_ms() - start >= timeout_ms) {
            return false;
        }
    }
    return true;
}
