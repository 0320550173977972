#ifndef CORTEXM_NOR_H
#define CORTEXM_NOR_H

// A NOR flash memory, modelled over storage that can be rewritten at will.
//
// An erase sets all bits of a sector to 1; programming can only clear bits, so that software which forgets to erase
// finds the wreckage that it would find on a chip. For tests the power can be made to fail at the n-th operation: it is
// done to half of its bytes, and then the storage's power_fail() ends everything.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The largest sector that the model works with; it also is the largest piece of a program operation.
#define NOR_SECTOR_MAX (4096)

// Where the bits are kept. Each function returns false if that failed.
typedef struct _nor_storage_t {
    bool (*read)(void *context, uint32_t address, void *buf, size_t len);
    bool (*write)(void *context, uint32_t address, const void *buf, size_t len);
    void (*power_fail)(void *context);
} nor_storage_t;

typedef struct _nor_t {
    const nor_storage_t *storage;
    void *context;
    uint32_t size;          // bytes, a multiple of sector_size
    uint32_t sector_size;   // bytes that an erase takes away; a multiple of page_size
    uint32_t page_size;     // bytes that one program operation can reach, from a multiple of it on
    uint32_t operations;    // erases and programmed pages so far
    uint32_t cut;           // the operation at which the power fails; 0: never
} nor_t;

// Addresses and lengths are in bytes. Each returns false if the range is not within the flash, an erase's address not
// that of a sector, or the storage failed. A program operation that spans pages counts as one operation a page.
bool nor_read(nor_t *nor, uint32_t address, void *buf, size_t len);
bool nor_erase(nor_t *nor, uint32_t address);
bool nor_program(nor_t *nor, uint32_t address, const uint8_t *data, size_t len);

#endif // CORTEXM_NOR_H
