// An emulated board's flash memory: see hostflash.h.

#include <string.h>

#include "flash.h"
#include "hostflash.h"
#include "nor.h"
#include "reset.h"
#include "semihosting.h"

// What serial NOR flash chips have.
#define FLASH_SIZE   (1024 * 1024)
#define SECTOR_SIZE  (4096)
#define PAGE_SIZE    (256)

#define POWER_FAIL_EXIT_STATUS (3)

static int file = -1;

static bool file_read(void *context, uint32_t address, void *buf, size_t len) {
    return semihosting_read_at(file, address, buf, len);
}

static bool file_write(void *context, uint32_t address, const void *buf, size_t len) {
    return semihosting_write_at(file, address, buf, len);
}

static void file_power_fail(void *context) {
    semihosting_exit(POWER_FAIL_EXIT_STATUS);
}

static const nor_storage_t file_storage = { file_read, file_write, file_power_fail };

static nor_t nor = {
    .storage = &file_storage,
    .size = FLASH_SIZE,
    .sector_size = SECTOR_SIZE,
    .page_size = PAGE_SIZE,
};

static bool flash_read(uint32_t address, void *buf, size_t len) {
    return nor_read(&nor, address, buf, len);
}

static bool flash_erase(uint32_t address) {
    return nor_erase(&nor, address);
}

static bool flash_program(uint32_t address, const void *buf, size_t len) {
    return nor_program(&nor, address, buf, len);
}

static const flash_t flash = {
    .size = FLASH_SIZE,
    .sector_size = SECTOR_SIZE,
    .read = flash_read,
    .erase = flash_erase,
    .program = flash_program,
};

// A file that is absent, or that was cut off while it was made, is filled up with erased flash.
static bool fill(int length) {
    uint8_t erased[PAGE_SIZE];
    memset(erased, 0xff, sizeof(erased));
    while (length < FLASH_SIZE) {
        int piece = sizeof(erased) - length % sizeof(erased);
        if (!semihosting_write_at(file, length, erased, piece)) {
            return false;
        }
        length += piece;
    }
    return true;
}

const flash_t *hostflash_open(const char *name, uint32_t cut) {
    if (file != -1) {
        return &flash;
    }
    if (*reset_retained_handle != 0) {
        semihosting_close(*reset_retained_handle - 1);
        *reset_retained_handle = 0;
    }
    file = semihosting_open(name, SEMIHOSTING_OPEN_RB_P);
    if (file == -1) {
        file = semihosting_open(name, SEMIHOSTING_OPEN_WB_P);
    }
    if (file == -1) {
        return NULL;
    }
    *reset_retained_handle = file + 1;
    nor.cut = cut;
    return fill(semihosting_length(file)) ? &flash : NULL;
}
