#ifndef CORTEXM_NIC_H
#define CORTEXM_NIC_H

// What network.LAN asks of the driver of an Ethernet interface.

#include <stdbool.h>
#include <stdint.h>

#include "lwip/err.h"

struct netif;
struct pbuf;

#define NIC_MAC_SIZE (6)

typedef struct _nic_stats_t {
    uint32_t rx_frames;
    uint32_t rx_dropped;    // no memory for them, or the interface's own buffer was full
    uint32_t rx_errors;     // damaged on the wire
    uint32_t tx_frames;
    uint32_t tx_dropped;    // no room in the interface
    uint32_t tx_errors;
} nic_stats_t;

typedef struct _nic_t {
    // Starts the interface and tells its address; false if there is none.
    bool (*start)(uint8_t mac[NIC_MAC_SIZE]);
    void (*stop)(void);

    // True if a cable with a partner at its other end is plugged in.
    bool (*link_is_up)(void);

    // True if service() has something to do; quick, as it is asked all the time.
    bool (*pending)(void);

    // Hands received frames to netif->input, a bounded number of them, and reports changes of the link to lwIP.
    void (*service)(struct netif *netif);

    // Sends one frame: ERR_OK, ERR_MEM if there is no room now, ERR_IF if it cannot be sent at all.
    err_t (*transmit)(struct pbuf *frame);

    // Begins or ceases to receive a multicast address.
    void (*multicast)(const uint8_t mac[NIC_MAC_SIZE], bool join);

    nic_stats_t *stats;
} nic_t;

#endif // CORTEXM_NIC_H
