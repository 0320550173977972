#ifndef CORTEXM_CONSOLE_H
#define CORTEXM_CONSOLE_H

// The console that the REPL, print() and fault messages use: the first UART.

void console_init(void);

// Sends a string even when everything else is broken: fault handlers use it.
void console_panic(const char *str);

#endif // CORTEXM_CONSOLE_H
