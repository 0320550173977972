#ifndef CORTEXM_UART_H
#define CORTEXM_UART_H

// Received bytes of all UARTs, buffered in interrupts.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The console; machine.UART has the others.
#define UART_CONSOLE (0)

// Starts a UART. buf holds received bytes, size - 1 of them; it must live until uart_deinit().
void uart_init(unsigned int n, uint32_t baudrate, uint8_t *buf, size_t size);
void uart_deinit(unsigned int n);

// How many bytes wait to be read.
size_t uart_rx_any(unsigned int n);

// The next byte, or -1.
int uart_rx(unsigned int n);

// Waits until a byte can be sent, at most timeout_ms milliseconds; false if it cannot.
bool uart_tx_wait(unsigned int n, uint32_t timeout_ms);

// Called by the SoC's driver in its interrupt.
void uart_rx_handler(unsigned int n);

#endif // CORTEXM_UART_H
