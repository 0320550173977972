// The pins of MPS2's FPGA I/O block: two LEDs and two push buttons. QEMU does not model the GPIO ports.

#include "py/mphal.h"

#include "soc.h"

const soc_pin_t soc_pins[] = {
    { "LED0", 0, true },
    { "LED1", 1, true },
    { "BUTTON0", 0, false },
    { "BUTTON1", 1, false },
};

const unsigned int soc_num_pins = sizeof(soc_pins) / sizeof(soc_pins[0]);

bool soc_pin_read(const soc_pin_t *pin) {
    uint32_t levels = pin->can_output ? SOC_FPGAIO->LED : SOC_FPGAIO->BUTTON;
    return levels >> pin->bit & 1;
}

void soc_pin_write(const soc_pin_t *pin, bool value) {
    uint32_t irq_state = disable_irq();
    SOC_FPGAIO->LED = (SOC_FPGAIO->LED & ~(1u << pin->bit)) | (uint32_t)value << pin->bit;
    enable_irq(irq_state);
}
