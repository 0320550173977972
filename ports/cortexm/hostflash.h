#ifndef CORTEXM_HOSTFLASH_H
#define CORTEXM_HOSTFLASH_H

// An emulated board's flash memory: the NOR model over a file of the host.

#include <stdint.h>

struct _flash_t;

// Opens the file, making it as an erased flash if it is absent. NULL if that failed. cut: see nor.h.
const struct _flash_t *hostflash_open(const char *name, uint32_t cut);

#endif // CORTEXM_HOSTFLASH_H
