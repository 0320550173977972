#ifndef CORTEXM_NET_H
#define CORTEXM_NET_H

// lwIP without an operating system, and the Ethernet interface behind network.LAN.
// Thread level only: see event.h.

#include <stdbool.h>
#include <stdint.h>

struct netif;

// Once after each start of the machine: lwIP cannot be started a second time.
void net_init(void);

// Runs the stack; true if something happened that Python may be waiting for.
bool net_poll(void);

// Milliseconds until the stack has to run again; 0 if there is work now.
uint32_t net_sleep_ms(void);

// Starts the interface, and DHCP on it. 0 or a MicroPython error number.
int net_lan_start(void);
void net_lan_stop(void);
bool net_lan_is_started(void);

// The interface as lwIP knows it. Its addresses are zero while it is stopped.
struct netif *net_lan_netif(void);

#endif // CORTEXM_NET_H
