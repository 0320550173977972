// UART of Arm's Cortex-M System Design Kit (DDI 0479, section 4.3): one byte of buffer each way, 8 bits, no parity.

#include "soc.h"
#include "uart.h"

typedef struct _cmsdk_uart_t {
    __IO uint32_t DATA;
    __IO uint32_t STATE;
    __IO uint32_t CTRL;
    __IO uint32_t INTSTATUS;    // write 1 to clear
    __IO uint32_t BAUDDIV;
} cmsdk_uart_t;

#define STATE_TX_FULL   (1 << 0)
#define STATE_RX_FULL   (1 << 1)
#define CTRL_TX         (1 << 0)
#define CTRL_RX         (1 << 1)
#define CTRL_RX_IRQ     (1 << 3)
#define INT_RX          (1 << 1)
#define BAUDDIV_MIN     (16)

static cmsdk_uart_t *const uarts[SOC_NUM_UART] = {
    (cmsdk_uart_t *)SOC_UART0_BASE,
    (cmsdk_uart_t *)SOC_UART1_BASE,
    (cmsdk_uart_t *)SOC_UART2_BASE,
    (cmsdk_uart_t *)SOC_UART3_BASE,
    (cmsdk_uart_t *)SOC_UART4_BASE,
};

static const IRQn_Type irqs[SOC_NUM_UART] = {
    UART0_RX_IRQn, UART1_RX_IRQn, UART2_RX_IRQn, UART3_RX_IRQn, UART4_RX_IRQn,
};

void soc_uart_init(unsigned int n, uint32_t baudrate) {
    uint32_t divisor = SOC_CPU_HZ / baudrate;
    uarts[n]->BAUDDIV = divisor < BAUDDIV_MIN ? BAUDDIV_MIN : divisor;
    uarts[n]->CTRL = CTRL_TX | CTRL_RX;
    NVIC_EnableIRQ(irqs[n]);
}

void soc_uart_deinit(unsigned int n) {
    NVIC_DisableIRQ(irqs[n]);
    uarts[n]->CTRL = 0;
}

bool soc_uart_rx_ready(unsigned int n) {
    return uarts[n]->STATE & STATE_RX_FULL;
}

uint8_t soc_uart_rx(unsigned int n) {
    return uarts[n]->DATA;
}

void soc_uart_rx_irq(unsigned int n, bool enable) {
    if (enable) {
        uarts[n]->CTRL |= CTRL_RX_IRQ;
    } else {
        uarts[n]->CTRL &= ~CTRL_RX_IRQ;
    }
}

bool soc_uart_tx_ready(unsigned int n) {
    return !(uarts[n]->STATE & STATE_TX_FULL);
}

void soc_uart_tx(unsigned int n, uint8_t byte) {
    uarts[n]->DATA = byte;
}

// Cleared before the bytes are read, so that one that comes meanwhile asks again.
static void rx_irq(unsigned int n) {
    uarts[n]->INTSTATUS = INT_RX;
    uart_rx_handler(n);
}

void UART0_RX_IRQHandler(void) {
    rx_irq(0);
}

void UART1_RX_IRQHandler(void) {
    rx_irq(1);
}

void UART2_RX_IRQHandler(void) {
    rx_irq(2);
}

void UART3_RX_IRQHandler(void) {
    rx_irq(3);
}

void UART4_RX_IRQHandler(void) {
    rx_irq(4);
}
