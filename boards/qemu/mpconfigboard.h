#define MICROPY_HW_BOARD_NAME               "MPS2-AN385 in QEMU"
#define MICROPY_HW_MCU_NAME                 "Cortex-M3"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "microdot-qemu"

// RAM is plentiful beside the heap, so that twelve connections can each have a full send buffer: modlwip waits in steps
// of 50 ms, with the event loop stopped, when lwIP's memory is short.
#define MICROPY_HW_LWIP_MEM_SIZE            (128 * 1024)
#define MICROPY_HW_LWIP_TCP_SEG             (128)
#define MICROPY_HW_LWIP_PBUF_POOL_SIZE      (32)
