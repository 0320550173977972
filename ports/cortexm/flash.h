#ifndef CORTEXM_FLASH_H
#define CORTEXM_FLASH_H

// The flash memory that holds the files, and cortexm.Flash, MicroPython's block device over it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Addresses and sizes in bytes. The functions return false if the range is bad or the memory failed.
typedef struct _flash_t {
    uint32_t size;
    uint32_t sector_size;   // what erase() clears
    bool (*read)(uint32_t address, void *buf, size_t len);
    bool (*erase)(uint32_t address);
    bool (*program)(uint32_t address, const void *buf, size_t len);
} flash_t;

extern const struct _mp_obj_type_t cortexm_flash_type;

#endif // CORTEXM_FLASH_H
