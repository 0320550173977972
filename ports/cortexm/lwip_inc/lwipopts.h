#ifndef CORTEXM_LWIPOPTS_H
#define CORTEXM_LWIPOPTS_H

// lwIP's options, over the ones that MicroPython shares among its ports. Sizes can be changed by a board.

#include <stdint.h>
#include <stdlib.h>

#include "py/mpconfig.h"

#define LWIP_NETIF_EXT_STATUS_CALLBACK  1
#define LWIP_NETIF_STATUS_CALLBACK      1

#define LWIP_IPV4                       1
#define LWIP_IPV6                       1
#define LWIP_ND6_NUM_DESTINATIONS       4
#define LWIP_ND6_QUEUEING               0

// A value of ours with each connection: see net.c.
#define LWIP_TCP_PCB_NUM_EXT_ARGS       1

// A server's own ports and sequence numbers must not be guessed (RFC 6056, RFC 6528).
#define LWIP_RAND()                     random_u32()
#define LWIP_HOOK_FILENAME              "lwip_hooks.h"

// TIME_WAIT lasts twice this. RFC 9293 says 2 minutes for an internet of satellites; with that, the few connections that
// there are would all sit in TIME_WAIT, and a client that comes back from the same port would wait for its end.
#define TCP_MSL                         500UL

#ifndef MEMP_NUM_TCP_PCB
#define MEMP_NUM_TCP_PCB                16
#endif

// Packets to a neighbour whose address is being asked for wait, one for each connection at least. lwIP would keep three:
// of a browser's first burst of connections the others would be answered after a retransmission, 3 s later.
#define ARP_QUEUEING                    1
#define ARP_QUEUE_LEN                   MEMP_NUM_TCP_PCB
#define MEMP_NUM_ARP_QUEUE              (2 * MEMP_NUM_TCP_PCB)

// Whole Ethernet frames, and memory for a window of them. With TCP_SND_BUF bytes each, a few connections send at once;
// a board with more memory gives more.
#define TCP_MSS                         1460
#define TCP_WND                         (6 * TCP_MSS)
#define TCP_SND_BUF                     (6 * TCP_MSS)

#ifdef MICROPY_HW_LWIP_TCP_SEG
#define MEMP_NUM_TCP_SEG                MICROPY_HW_LWIP_TCP_SEG
#else
#define MEMP_NUM_TCP_SEG                64
#endif

#ifdef MICROPY_HW_LWIP_MEM_SIZE
#define MEM_SIZE                        MICROPY_HW_LWIP_MEM_SIZE
#else
#define MEM_SIZE                        16000
#endif

#ifdef MICROPY_HW_LWIP_PBUF_POOL_SIZE
#define PBUF_POOL_SIZE                  MICROPY_HW_LWIP_PBUF_POOL_SIZE
#else
#define PBUF_POOL_SIZE                  16
#endif

#include "extmod/lwip-include/lwipopts_common.h"

#endif // CORTEXM_LWIPOPTS_H
