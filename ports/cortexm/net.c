// lwIP without an operating system: see net.h.

#include <string.h>

#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modnetwork.h"

#include "lwip/apps/mdns.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include "net.h"
#include "nic.h"
#include "soc.h"

static const nic_t *const nic = &soc_nic;

static struct netif lan;
static bool lan_started;

// Which of lwIP's extra values holds the sequence number that a connection's first byte will have.
static uint8_t first_byte;

// lwIP's clock.
u32_t sys_now(void) {
    return mp_hal_ticks_ms();
}

void net_init(void) {
    lwip_init();
    first_byte = tcp_ext_arg_alloc_id();
    #if LWIP_MDNS_RESPONDER
    mdns_resp_init();
    #endif
}

/******************************************************************************/
// Running the stack.

// modlwip refuses data that comes before Python has accepted the connection, and lwIP would offer it again only at its
// timer of 250 ms: a request that comes right behind the connection would wait for that long. So it is offered again at
// every poll.
static bool offer_refused_data(void) {
    bool taken = false;
    struct tcp_pcb *next;
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = next) {
        next = pcb->next;
        if (pcb->refused_data == NULL) {
            continue;
        }
        if (tcp_process_refused_data(pcb) == ERR_ABRT) {
            // The connection is gone, and perhaps others of the list: the rest waits for the next poll.
            return true;
        }
        taken |= pcb->refused_data == NULL;
    }
    return taken;
}

// With all PCBs taken, lwIP gives up the longest inactive one of a lower priority for a new connection; without one it
// drops the SYN, and the client waits until it tries again, a second or more later. So that a new client finds a place,
// what a server cannot be in the middle of has a lower priority: a connection that has not sent a byte yet, and one that
// was closed here, whose client does not close (FIN_WAIT_2, for up to 20 s).
enum {
    PRIO_CLOSED = TCP_PRIO_MIN,
    PRIO_SILENT = TCP_PRIO_NORMAL - 1,
};

static err_t connection_opened(u8_t id, struct tcp_pcb_listen *listener, struct tcp_pcb *pcb) {
    tcp_setprio(pcb, PRIO_SILENT);
    tcp_ext_arg_set(pcb, id, (void *)pcb->rcv_nxt);
    return ERR_OK;
}

static const struct tcp_ext_arg_callbacks connection_callbacks = {
    .passive_open = connection_opened,
};

static void rank_connections(void) {
    for (struct tcp_pcb_listen *listener = tcp_listen_pcbs.listen_pcbs; listener != NULL; listener = listener->next) {
        tcp_ext_arg_set_callbacks((struct tcp_pcb *)listener, first_byte, &connection_callbacks);
    }
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        if (pcb->state == FIN_WAIT_2) {
            tcp_setprio(pcb, PRIO_CLOSED);
        } else if (pcb->prio == PRIO_SILENT && pcb->rcv_nxt != (uint32_t)tcp_ext_arg_get(pcb, first_byte)) {
            tcp_setprio(pcb, TCP_PRIO_NORMAL);
        }
    }
}

// Packets that the board sends to itself.
static bool loop_pending(void) {
    #if LWIP_NETIF_LOOPBACK
    struct netif *netif;
    NETIF_FOREACH(netif) {
        if (netif->loop_first != NULL) {
            return true;
        }
    }
    #endif
    return false;
}

bool net_poll(void) {
    bool active = false;
    rank_connections();
    if (lan_started && nic->pending()) {
        nic->service(&lan);
        active = true;
    }
    if (loop_pending()) {
        netif_poll_all();
        active = true;
    }
    active |= offer_refused_data();
    if (sys_timeouts_sleeptime() == 0) {
        sys_check_timeouts();
        active = true;
    }
    return active;
}

uint32_t net_sleep_ms(void) {
    if (loop_pending() || (lan_started && nic->pending())) {
        return 0;
    }
    return sys_timeouts_sleeptime();
}

/******************************************************************************/
// The Ethernet interface.

static err_t lan_linkoutput(struct netif *netif, struct pbuf *frame) {
    return nic->transmit(frame);
}

static err_t lan_igmp_filter(struct netif *netif, const ip4_addr_t *group, enum netif_mac_filter_action action) {
    // RFC 1112 section 6.4: the low 23 bits of the group.
    uint8_t mac[NIC_MAC_SIZE] = {
        LL_IP4_MULTICAST_ADDR_0, LL_IP4_MULTICAST_ADDR_1, LL_IP4_MULTICAST_ADDR_2,
        ip4_addr2(group) & 0x7f, ip4_addr3(group), ip4_addr4(group),
    };
    nic->multicast(mac, action == NETIF_ADD_MAC_FILTER);
    return ERR_OK;
}

static err_t lan_mld_filter(struct netif *netif, const ip6_addr_t *group, enum netif_mac_filter_action action) {
    // RFC 2464 section 7: the last 32 bits of the group.
    uint8_t mac[NIC_MAC_SIZE] = { LL_IP6_MULTICAST_ADDR_0, LL_IP6_MULTICAST_ADDR_1 };
    memcpy(mac + 2, &group->addr[3], 4);
    nic->multicast(mac, action == NETIF_ADD_MAC_FILTER);
    return ERR_OK;
}

static err_t lan_netif_init(struct netif *netif) {
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->linkoutput = lan_linkoutput;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->mtu = 1500;
    netif->hwaddr_len = NIC_MAC_SIZE;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    netif_set_igmp_mac_filter(netif, lan_igmp_filter);
    netif_set_mld_mac_filter(netif, lan_mld_filter);
    return ERR_OK;
}

static void lan_configure(void) {
    netif_set_hostname(&lan, mod_network_hostname_data);
    netif_set_default(&lan);
    netif_create_ip6_linklocal_address(&lan, 1);
    #if LWIP_MDNS_RESPONDER
    mdns_resp_add_netif(&lan, mod_network_hostname_data);
    #endif
    if (nic->link_is_up()) {
        netif_set_link_up(&lan);
    }
    netif_set_up(&lan);
    // Before DHCP, so that an address set by hand survives only if DHCP is stopped by hand, as on other ports.
    dns_setserver(0, IP_ADDR_ANY);
    dhcp_start(&lan);
}

int net_lan_start(void) {
    if (lan_started) {
        return 0;
    }
    uint8_t mac[NIC_MAC_SIZE];
    if (!nic->start(mac)) {
        return MP_ENODEV;
    }
    lan_started = true;
    netif_add_noaddr(&lan, NULL, lan_netif_init, ethernet_input);
    memcpy(lan.hwaddr, mac, NIC_MAC_SIZE);
    lan_configure();
    return 0;
}

void net_lan_stop(void) {
    if (!lan_started) {
        return;
    }
    #if LWIP_MDNS_RESPONDER
    mdns_resp_remove_netif(&lan);
    #endif
    // dhcp_cleanup() gives back what dhcp_start() allocated; netif_remove() would forget it.
    dhcp_release_and_stop(&lan);
    dhcp_cleanup(&lan);
    netif_remove(&lan);
    nic->stop();
    memset(&lan, 0, sizeof(lan));
    lan_started = false;
}

bool net_lan_is_started(void) {
    return lan_started;
}

struct netif *net_lan_netif(void) {
    return &lan;
}
