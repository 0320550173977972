// From reset to main(), and what happens when the CPU gives up.

#include <stdint.h>
#include <string.h>

#include "py/mpconfig.h"

#include "console.h"
#include "reset.h"
#include "soc.h"

// Set by cortexm.ld.
extern uint32_t _estack, _sidata, _sdata, _edata, _sbss, _ebss;

int main(void);

/******************************************************************************/
// Faults: one line on the console, then a reset.

// What the CPU pushes on the stack when an exception is taken.
typedef struct _exception_frame_t {
    uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
} exception_frame_t;

#define BKPT_SEMIHOSTING (0xbeab)

static void panic_hex(const char *label, uint32_t value) {
    char text[11] = "0x00000000";
    for (int i = 9; i >= 2; --i, value >>= 4) {
        text[i] = "0123456789abcdef"[value & 0xf];
    }
    console_panic(label);
    console_panic(text);
}

// A program counter is worth a look only if it lies in the code, which begins with the vector table.
static bool is_semihosting_call(uint32_t pc) {
    extern const uint32_t _etext;
    return pc < (uint32_t)&_etext && *(const uint16_t *)(pc & ~1u) == BKPT_SEMIHOSTING;
}

__attribute__((used)) static void fault(const exception_frame_t *frame) {
    if (is_semihosting_call(frame->pc)) {
        console_panic("\r\nNo semihosting: start QEMU with -semihosting-config enable=on,target=native,arg=microdot\r\n");
        for (;;) {
            __WFI();
        }
    }
    panic_hex("\r\nFAULT pc=", frame->pc);
    panic_hex(" lr=", frame->lr);
    panic_hex(" cfsr=", SCB->CFSR);
    panic_hex(" hfsr=", SCB->HFSR);
    panic_hex(" addr=", SCB->BFAR);
    console_panic("; resetting\r\n");
    reset_system(RESET_CAUSE_HARD);
}

// The frame is on the stack that was in use. If that stack is what is broken, the fault is met again on the way out and
// the CPU locks up, which a watchdog ends.
__attribute__((naked)) static void Fault_Handler(void) {
    __asm volatile (
        "tst lr, #4\n"
        "ite eq\n"
        "mrseq r0, msp\n"
        "mrsne r0, psp\n"
        "b fault\n"
    );
}

static void Unexpected_Handler(void) {
    panic_hex("\r\nFAULT unexpected interrupt, exception ", __get_IPSR());
    console_panic("; resetting\r\n");
    reset_system(RESET_CAUSE_HARD);
}

__attribute__((weak, alias("Unexpected_Handler"))) void NMI_Handler(void);

/******************************************************************************/

void Reset_Handler(void) {
    memcpy(&_sdata, &_sidata, (uint8_t *)&_edata - (uint8_t *)&_sdata);
    memset(&_sbss, 0, (uint8_t *)&_ebss - (uint8_t *)&_sbss);
    soc_init();
    main();
    reset_system(RESET_CAUSE_HARD);
}

typedef void (*vector_t)(void);

__attribute__((section(".isr_vector"), used))
static const vector_t isr_vector[16 + SOC_NUM_IRQ] = {
    (vector_t)&_estack,
    Reset_Handler,
    NMI_Handler,
    Fault_Handler,      // hard fault
    Fault_Handler,      // memory management
    Fault_Handler,      // bus
    Fault_Handler,      // usage
    [11] = Unexpected_Handler,  // SVCall
    [12] = Unexpected_Handler,  // debug monitor
    [14] = Unexpected_Handler,  // PendSV
    [15] = Unexpected_Handler,  // SysTick: see event.c, it is never taken
    SOC_IRQ_VECTORS
};
