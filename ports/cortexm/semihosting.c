// Arm semihosting: see semihosting.h.

#include <string.h>

#include "semihosting.h"

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0a,
    SYS_FLEN = 0x0c,
    SYS_TIME = 0x11,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
};

#define ADP_STOPPED_APPLICATION_EXIT (0x20026)

static int call(int operation, const void *block) {
    register int r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = block;
    __asm volatile ("bkpt 0xab" : "+r" (r0) : "r" (r1) : "memory");
    return r0;
}

int semihosting_open(const char *name, int mode) {
    const uintptr_t block[] = { (uintptr_t)name, mode, strlen(name) };
    return call(SYS_OPEN, block);
}

void semihosting_close(int handle) {
    const uintptr_t block[] = { handle };
    call(SYS_CLOSE, block);
}

// SYS_READ and SYS_WRITE answer how many bytes they did NOT move.
static bool transfer_at(int operation, int handle, uint32_t position, uintptr_t buf, size_t len) {
    const uintptr_t seek[] = { handle, position };
    if (call(SYS_SEEK, seek) != 0) {
        return false;
    }
    const uintptr_t block[] = { handle, buf, len };
    return call(operation, block) == 0;
}

bool semihosting_read_at(int handle, uint32_t position, void *buf, size_t len) {
    return transfer_at(SYS_READ, handle, position, (uintptr_t)buf, len);
}

bool semihosting_write_at(int handle, uint32_t position, const void *buf, size_t len) {
    return transfer_at(SYS_WRITE, handle, position, (uintptr_t)buf, len);
}

int semihosting_length(int handle) {
    const uintptr_t block[] = { handle };
    return call(SYS_FLEN, block);
}

uint32_t semihosting_time(void) {
    return call(SYS_TIME, NULL);
}

bool semihosting_command_line(char *buf, size_t size) {
    const uintptr_t block[] = { (uintptr_t)buf, size };
    return call(SYS_GET_CMDLINE, block) == 0;
}

void semihosting_exit(int status) {
    const uintptr_t block[] = { ADP_STOPPED_APPLICATION_EXIT, status };
    for (;;) {
        call(SYS_EXIT_EXTENDED, block);
    }
}
