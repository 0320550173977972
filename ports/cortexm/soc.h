#ifndef CORTEXM_SOC_H
#define CORTEXM_SOC_H

// What the port asks of a system on chip. Each one is a folder soc/<name>/ with soc.mk, soc_defs.h and its drivers.
//
// soc_defs.h includes Arm's CMSIS header of the core and defines
//   SOC_CPU_HZ        frequency of the CPU and of SysTick
//   SOC_COUNTER_HZ    frequency of soc_counter(), a multiple of 1000
//   SOC_IRQ_VECTORS   initialisers of the vector table from its 16th entry on
//   SOC_NUM_IRQ       how many interrupts the vector table has room for
//   SOC_NUM_UART      how many UARTs there are; the first is the console
//   SOC_WATCHDOG_MAX_MS  the longest time that the watchdog can be set to

#include <stdbool.h>
#include <stdint.h>

#include "soc_defs.h"

// Clocks and pins, before anything else.
void soc_init(void);

// Free-running 32-bit counter; it has to count while the CPU sleeps.
uint32_t soc_counter(void);

/******************************************************************************/
// UARTs. The driver's interrupt handler calls uart_rx_handler(), see uart.h.

// Starts a UART with 8 data bits, no parity, 1 stop bit.
void soc_uart_init(unsigned int n, uint32_t baudrate);
void soc_uart_deinit(unsigned int n);
bool soc_uart_rx_ready(unsigned int n);
uint8_t soc_uart_rx(unsigned int n);
void soc_uart_rx_irq(unsigned int n, bool enable);
bool soc_uart_tx_ready(unsigned int n);
void soc_uart_tx(unsigned int n, uint8_t byte);

/******************************************************************************/
// Watchdog. When it is not fed in time it calls reset_system(RESET_CAUSE_WATCHDOG), or resets by itself.

void soc_watchdog_start(uint32_t timeout_ms);
void soc_watchdog_feed(void);

/******************************************************************************/
// Pins, listed by name.

typedef struct _soc_pin_t {
    const char *name;
    uint8_t bit;
    bool can_output;
} soc_pin_t;

extern const soc_pin_t soc_pins[];
extern const unsigned int soc_num_pins;

bool soc_pin_read(const soc_pin_t *pin);
void soc_pin_write(const soc_pin_t *pin, bool value);

/******************************************************************************/
// The network interface behind network.LAN, see nic.h.

struct _nic_t;
extern const struct _nic_t soc_nic;

#endif // CORTEXM_SOC_H
