#ifndef CORTEXM_MPS2_SOC_DEFS_H
#define CORTEXM_MPS2_SOC_DEFS_H

// Arm MPS2 with FPGA image AN385 (Arm application note AN385, DAI 0385): what soc.h asks for, and the memory map.

typedef enum IRQn {
    NonMaskableInt_IRQn = -14,
    HardFault_IRQn = -13,
    MemoryManagement_IRQn = -12,
    BusFault_IRQn = -11,
    UsageFault_IRQn = -10,
    SVCall_IRQn = -5,
    DebugMonitor_IRQn = -4,
    PendSV_IRQn = -2,
    SysTick_IRQn = -1,
    UART0_RX_IRQn = 0,
    UART1_RX_IRQn = 2,
    UART2_RX_IRQn = 4,
    LAN9118_IRQn = 13,
    UART3_RX_IRQn = 18,
    UART4_RX_IRQn = 20,
} IRQn_Type;

#define __CM3_REV               0x0201
#define __MPU_PRESENT           1
#define __NVIC_PRIO_BITS        3
#define __Vendor_SysTickConfig  0

#include "core_cm3.h"

#define SOC_CPU_HZ              (25000000)
#define SOC_COUNTER_HZ          (25000000)
#define SOC_NUM_IRQ             (32)
#define SOC_NUM_UART            (5)

void UART0_RX_IRQHandler(void);
void UART1_RX_IRQHandler(void);
void UART2_RX_IRQHandler(void);
void UART3_RX_IRQHandler(void);
void UART4_RX_IRQHandler(void);
void LAN9118_IRQHandler(void);

#define SOC_IRQ_VECTORS \
    [16 + UART0_RX_IRQn] = UART0_RX_IRQHandler, \
    [16 + UART1_RX_IRQn] = UART1_RX_IRQHandler, \
    [16 + UART2_RX_IRQn] = UART2_RX_IRQHandler, \
    [16 + LAN9118_IRQn] = LAN9118_IRQHandler, \
    [16 + UART3_RX_IRQn] = UART3_RX_IRQHandler, \
    [16 + UART4_RX_IRQn] = UART4_RX_IRQHandler,

// Peripherals.
#define SOC_UART0_BASE          (0x40004000)
#define SOC_UART1_BASE          (0x40005000)
#define SOC_UART2_BASE          (0x40006000)
#define SOC_UART3_BASE          (0x40007000)
#define SOC_UART4_BASE          (0x40009000)
#define SOC_WATCHDOG_BASE       (0x40008000)
#define SOC_FPGAIO_BASE         (0x40028000)
#define SOC_LAN9118_BASE        (0x40200000)

// FPGA system control and I/O block (AN385, section 4.4).
typedef struct _soc_fpgaio_t {
    __IO uint32_t LED;              // 0x00
    uint32_t reserved_04;
    __I uint32_t BUTTON;            // 0x08
    uint32_t reserved_0c;
    __IO uint32_t CLK1HZ;           // 0x10
    __IO uint32_t CLK100HZ;
    __IO uint32_t COUNTER;          // counts SOC_COUNTER_HZ
} soc_fpgaio_t;

#define SOC_FPGAIO ((soc_fpgaio_t *)SOC_FPGAIO_BASE)

// The CMSDK watchdog counts 32 bits of SOC_CPU_HZ.
#define SOC_WATCHDOG_MAX_MS     (UINT32_MAX / (SOC_CPU_HZ / 1000))

#endif // CORTEXM_MPS2_SOC_DEFS_H
