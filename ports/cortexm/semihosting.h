#ifndef CORTEXM_SEMIHOSTING_H
#define CORTEXM_SEMIHOSTING_H

// Arm semihosting, the calls that the port uses: "Semihosting for AArch32 and AArch64", Arm, release 3.0.
// Every call is a breakpoint instruction: on silicon without a debugger it is a fault.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Modes of SYS_OPEN are those of fopen().
#define SEMIHOSTING_OPEN_RB   (1)   // "rb": read, must exist
#define SEMIHOSTING_OPEN_RB_P (3)   // "r+b": read and write, must exist
#define SEMIHOSTING_OPEN_WB_P (7)   // "w+b": read and write, made anew

// Opens a file of the host. A handle, or -1.
int semihosting_open(const char *name, int mode);
void semihosting_close(int handle);

// Moves exactly len bytes at a position of the file; false if that failed.
bool semihosting_read_at(int handle, uint32_t position, void *buf, size_t len);
bool semihosting_write_at(int handle, uint32_t position, const void *buf, size_t len);

// The file's length, or -1.
int semihosting_length(int handle);

// Seconds since 1970-01-01 00:00:00 UTC.
uint32_t semihosting_time(void);

// The emulator's command line, terminated; false if it does not fit.
bool semihosting_command_line(char *buf, size_t size);

// Ends the emulator.
void semihosting_exit(int status) __attribute__((noreturn));

#endif // CORTEXM_SEMIHOSTING_H
