// A NOR flash memory, modelled: see nor.h.

#include <string.h>

#include "nor.h"

#define ERASED (0xff)

// One operation's work area: programming has to see the old bits.
static uint8_t work[NOR_SECTOR_MAX];

static bool in_range(const nor_t *nor, uint32_t address, size_t len) {
    return len <= nor->size && address <= nor->size - len;
}

// Writes the work area, or half of it if this is the operation at which the power fails.
static bool commit(nor_t *nor, uint32_t address, size_t len) {
    nor->operations += 1;
    bool cut = nor->operations == nor->cut;
    bool done = nor->storage->write(nor->context, address, work, cut ? len / 2 : len);
    if (cut) {
        nor->storage->power_fail(nor->context);
    }
    return done;
}

bool nor_read(nor_t *nor, uint32_t address, void *buf, size_t len) {
    return in_range(nor, address, len) && nor->storage->read(nor->context, address, buf, len);
}

bool nor_erase(nor_t *nor, uint32_t address) {
    if (!in_range(nor, address, nor->sector_size) || address % nor->sector_size != 0) {
        return false;
    }
    memset(work, ERASED, nor->sector_size);
    return commit(nor, address, nor->sector_size);
}

static bool program_page(nor_t *nor, uint32_t address, const uint8_t *data, size_t len) {
    if (!nor->storage->read(nor->context, address, work, len)) {
        return false;
    }
    for (size_t i = 0; i < len; ++i) {
        work[i] &= data[i];
    }
    return commit(nor, address, len);
}

bool nor_program(nor_t *nor, uint32_t address, const uint8_t *data, size_t len) {
    if (!in_range(nor, address, len)) {
        return false;
    }
    while (len > 0) {
        size_t to_page_end = nor->page_size - address % nor->page_size;
        size_t piece = len < to_page_end ? len : to_page_end;
        if (!program_page(nor, address, data, piece)) {
            return false;
        }
        address += piece;
        data += piece;
        len -= piece;
    }
    return true;
}
