#ifndef CORTEXM_MACHINE_UART_H
#define CORTEXM_MACHINE_UART_H

// Turns off the UARTs of the program that ends; their buffers are in its heap.
void machine_uart_deinit_all(void);

#endif // CORTEXM_MACHINE_UART_H
