// Arm MPS2 AN385. The FPGA needs no setting up; it exists for us in QEMU only, so the platform is the host.

#include "platform.h"
#include "soc.h"

const platform_t *platform = &platform_host;

void soc_init(void) {
}

uint32_t soc_counter(void) {
    return SOC_FPGAIO->COUNTER;
}
