// SMSC LAN9118 Ethernet controller (data sheet revision 1.5), on a 32-bit bus.
//
// The interrupt only tells that there is work and stays off until it is done; frames move at thread level.

#include <string.h>

#include "lwip/netif.h"
#include "lwip/pbuf.h"

#include "event.h"
#include "nic.h"
#include "soc.h"

typedef struct _lan9118_t {
    __IO uint32_t RX_DATA_FIFO;         // 0x00
    uint32_t reserved_04[7];
    __IO uint32_t TX_DATA_FIFO;         // 0x20
    uint32_t reserved_24[7];
    __IO uint32_t RX_STATUS_FIFO;       // 0x40
    __IO uint32_t RX_STATUS_FIFO_PEEK;
    __IO uint32_t TX_STATUS_FIFO;
    __IO uint32_t TX_STATUS_FIFO_PEEK;
    __IO uint32_t ID_REV;               // 0x50
    __IO uint32_t IRQ_CFG;
    __IO uint32_t INT_STS;
    __IO uint32_t INT_EN;
    uint32_t reserved_60;
    __IO uint32_t BYTE_TEST;            // 0x64
    __IO uint32_t FIFO_INT;
    __IO uint32_t RX_CFG;
    __IO uint32_t TX_CFG;               // 0x70
    __IO uint32_t HW_CFG;
    __IO uint32_t RX_DP_CTRL;
    __IO uint32_t RX_FIFO_INF;
    __IO uint32_t TX_FIFO_INF;          // 0x80
    __IO uint32_t PMT_CTRL;
    uint32_t reserved_88[6];
    __IO uint32_t RX_DROP;              // 0xa0
    __IO uint32_t MAC_CSR_CMD;
    __IO uint32_t MAC_CSR_DATA;
} lan9118_t;

#define LAN9118 ((lan9118_t *)SOC_LAN9118_BASE)

#define BYTE_TEST_VALUE     (0x87654321)

#define INT_RSFL            (1 << 3)    // more received frames than FIFO_INT's level
#define INT_RXE             (1 << 14)   // receiver error
#define INT_PHY             (1 << 18)
#define INT_USED            (INT_RSFL | INT_PHY)

// Push-pull and active high, as the NVIC's input; enabled.
#define IRQ_CFG_VALUE       (1 << 8 | 1 << 4 | 1 << 0)

#define HW_CFG_SRST         (1 << 0)
#define HW_CFG_SF           (1 << 20)   // store and forward: a frame leaves when it is complete
#define HW_CFG_TX_FIFO_5KB  (5 << 16)
#define PMT_CTRL_READY      (1 << 0)
#define TX_CFG_ON           (1 << 1)
#define TX_CFG_DISCARD      (1 << 15 | 1 << 14)     // status and data
#define RX_CFG_DISCARD      (1 << 15)
// FIFO_INT: interrupt as soon as one received frame waits; never for room in the transmit FIFO.
#define FIFO_INT_VALUE      (0xff000000)

#define RX_STATUS_ERROR     (1 << 15)
#define TX_STATUS_ERROR     (1 << 15)
#define TX_A_FIRST_SEGMENT  (1 << 13)
#define TX_A_LAST_SEGMENT   (1 << 12)
#define TX_FIFO_OVERHEAD    (16)        // bytes: two command words and the alignment of the data

#define CSR_CMD_BUSY        (1u << 31)
#define CSR_CMD_READ        (1 << 30)

// Registers of the MAC, behind MAC_CSR_CMD.
#define MAC_CR              (1)
#define MAC_ADDRH           (2)
#define MAC_ADDRL           (3)
#define MAC_HASHH           (4)
#define MAC_HASHL           (5)
#define MAC_MII_ACC         (6)
#define MAC_MII_DATA        (7)

#define MAC_CR_RXEN         (1 << 2)
#define MAC_CR_TXEN         (1 << 3)
#define MAC_CR_HPFILT       (1 << 13)   // multicast by hash, our own address exactly
#define MAC_CR_FDPX         (1 << 20)

#define MII_ACC_BUSY        (1 << 0)
#define MII_ACC_WRITE       (1 << 1)
#define MII_ACC_PHY_1       (1 << 11)   // the internal PHY's address

// Registers of the PHY, behind MAC_MII_ACC.
#define PHY_BMCR            (0)
#define PHY_BMSR            (1)
#define PHY_INT_SOURCE      (29)
#define PHY_INT_MASK        (30)

#define BMCR_RESTART_ANEG   (1 << 12 | 1 << 9)
#define BMSR_LINK           (1 << 2)
#define PHY_INT_LINK_DOWN   (1 << 4)
#define PHY_INT_ANEG_DONE   (1 << 6)

#define CRC_SIZE            (4)
#define FRAME_MAX           (1514)

// A flood of frames must not keep Python from running: the rest waits for the next poll.
#define RX_PER_SERVICE      (16)

static volatile bool work_pending;
static nic_stats_t stats;

// How many joined groups share each of the hash filter's 64 bits.
static uint8_t hash_users[64];

/******************************************************************************/
// Indirect registers.

static void mac_wait(void) {
    while (LAN9118->MAC_CSR_CMD & CSR_CMD_BUSY) {
    }
}

static uint32_t mac_read(uint32_t reg) {
    LAN9118->MAC_CSR_CMD = CSR_CMD_BUSY | CSR_CMD_READ | reg;
    mac_wait();
    return LAN9118->MAC_CSR_DATA;
}

static void mac_write(uint32_t reg, uint32_t value) {
    LAN9118->MAC_CSR_DATA = value;
    LAN9118->MAC_CSR_CMD = CSR_CMD_BUSY | reg;
    mac_wait();
}

static void mii_start(uint32_t reg, uint32_t flags) {
    mac_write(MAC_MII_ACC, MII_ACC_PHY_1 | reg << 6 | flags | MII_ACC_BUSY);
    while (mac_read(MAC_MII_ACC) & MII_ACC_BUSY) {
    }
}

static uint16_t phy_read(uint32_t reg) {
    mii_start(reg, 0);
    return mac_read(MAC_MII_DATA);
}

static void phy_write(uint32_t reg, uint16_t value) {
    mac_write(MAC_MII_DATA, value);
    mii_start(reg, MII_ACC_WRITE);
}

/******************************************************************************/
// Start and stop.

void LAN9118_IRQHandler(void) {
    LAN9118->INT_EN = 0;
    work_pending = true;
    event_signal();
}

static bool lan9118_reset(void) {
    if (LAN9118->BYTE_TEST != BYTE_TEST_VALUE) {
        return false;
    }
    LAN9118->HW_CFG = HW_CFG_SRST;
    while ((LAN9118->HW_CFG & HW_CFG_SRST) || !(LAN9118->PMT_CTRL & PMT_CTRL_READY)) {
    }
    return true;
}

static void read_mac_address(uint8_t mac[NIC_MAC_SIZE]) {
    uint32_t low = mac_read(MAC_ADDRL);
    uint32_t high = mac_read(MAC_ADDRH);
    memcpy(mac, &low, 4);
    memcpy(mac + 4, &high, 2);
}

static bool lan9118_start(uint8_t mac[NIC_MAC_SIZE]) {
    if (!lan9118_reset()) {
        return false;
    }
    memset(hash_users, 0, sizeof(hash_users));
    LAN9118->HW_CFG = HW_CFG_SF | HW_CFG_TX_FIFO_5KB;
    LAN9118->FIFO_INT = FIFO_INT_VALUE;
    LAN9118->IRQ_CFG = IRQ_CFG_VALUE;
    LAN9118->RX_CFG = 0;
    LAN9118->TX_CFG = TX_CFG_ON;
    read_mac_address(mac);
    phy_write(PHY_BMCR, BMCR_RESTART_ANEG);
    phy_write(PHY_INT_MASK, PHY_INT_LINK_DOWN | PHY_INT_ANEG_DONE);
    mac_write(MAC_CR, MAC_CR_FDPX | MAC_CR_HPFILT | MAC_CR_TXEN | MAC_CR_RXEN);
    LAN9118->INT_STS = UINT32_MAX;
    // The first service sets the interrupts, and catches what happened meanwhile.
    work_pending = true;
    NVIC_EnableIRQ(LAN9118_IRQn);
    return true;
}

static void lan9118_stop(void) {
    NVIC_DisableIRQ(LAN9118_IRQn);
    LAN9118->INT_EN = 0;
    mac_write(MAC_CR, 0);
    LAN9118->TX_CFG = TX_CFG_DISCARD;
    LAN9118->RX_CFG = RX_CFG_DISCARD;
    work_pending = false;
}

static bool lan9118_link_is_up(void) {
    // The bit stays low after a loss until it is read: the second reading is what is true now (IEEE 802.3, 22.2.4.2.13).
    phy_read(PHY_BMSR);
    return phy_read(PHY_BMSR) & BMSR_LINK;
}

/******************************************************************************/
// Receiving.

static bool lan9118_pending(void) {
    return work_pending;
}

static uint32_t frames_waiting(void) {
    return LAN9118->RX_FIFO_INF >> 16 & 0xff;
}

static void skip_words(uint32_t words) {
    while (words-- > 0) {
        (void)LAN9118->RX_DATA_FIFO;
    }
}

// Buffers of the pool are aligned and hold a multiple of 4 bytes, so that only the last one ends inside a word.
static void read_frame(struct pbuf *frame) {
    for (struct pbuf *part = frame; part != NULL; part = part->next) {
        uint32_t *dest = part->payload;
        for (uint32_t words = (part->len + 3) / 4; words > 0; --words) {
            *dest++ = LAN9118->RX_DATA_FIFO;
        }
    }
}

// Takes the next frame out of the FIFO; NULL if it had to be thrown away.
static struct pbuf *receive(void) {
    uint32_t status = LAN9118->RX_STATUS_FIFO;
    uint32_t size = status >> 16 & 0x3fff;
    uint32_t words = (size + 3) / 4;
    if ((status & RX_STATUS_ERROR) || size <= CRC_SIZE || size > FRAME_MAX + CRC_SIZE) {
        stats.rx_errors += 1;
        skip_words(words);
        return NULL;
    }
    uint32_t length = size - CRC_SIZE;
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, length, PBUF_POOL);
    if (frame == NULL) {
        stats.rx_dropped += 1;
        skip_words(words);
        return NULL;
    }
    read_frame(frame);
    skip_words(words - (length + 3) / 4);
    stats.rx_frames += 1;
    return frame;
}

static void report_link(struct netif *netif) {
    // Reading the source ends the PHY's request.
    phy_read(PHY_INT_SOURCE);
    if (lan9118_link_is_up()) {
        netif_set_link_up(netif);
    } else {
        netif_set_link_down(netif);
    }
}

static void lan9118_service(struct netif *netif) {
    // Requests are taken back before the work, so that one that comes meanwhile is not lost.
    uint32_t requests = LAN9118->INT_STS;
    LAN9118->INT_STS = requests;
    work_pending = false;
    if (requests & INT_PHY) {
        report_link(netif);
    }
    if (requests & INT_RXE) {
        stats.rx_errors += 1;
    }
    for (int n = 0; n < RX_PER_SERVICE && frames_waiting() > 0; ++n) {
        struct pbuf *frame = receive();
        if (frame != NULL && netif->input(frame, netif) != ERR_OK) {
            pbuf_free(frame);
        }
    }
    stats.rx_dropped += LAN9118->RX_DROP;
    if (frames_waiting() > 0) {
        work_pending = true;
    } else {
        LAN9118->INT_EN = INT_USED;
    }
}

/******************************************************************************/
// Sending.

static void take_tx_status(void) {
    while (LAN9118->TX_FIFO_INF >> 16 & 0xff) {
        if (LAN9118->TX_STATUS_FIFO & TX_STATUS_ERROR) {
            stats.tx_errors += 1;
        }
    }
}

static err_t lan9118_transmit(struct pbuf *frame) {
    static uint32_t staging[(FRAME_MAX + 3) / 4];
    uint32_t length = frame->tot_len;
    if (length > FRAME_MAX) {
        stats.tx_dropped += 1;
        return ERR_IF;
    }
    take_tx_status();
    if ((LAN9118->TX_FIFO_INF & 0xffff) < length + TX_FIFO_OVERHEAD) {
        stats.tx_dropped += 1;
        return ERR_MEM;
    }
    // The FIFO takes words; lwIP's parts of a frame begin and end anywhere.
    pbuf_copy_partial(frame, staging, length, 0);
    LAN9118->TX_DATA_FIFO = TX_A_FIRST_SEGMENT | TX_A_LAST_SEGMENT | length;
    LAN9118->TX_DATA_FIFO = length;
    for (uint32_t i = 0; i < (length + 3) / 4; ++i) {
        LAN9118->TX_DATA_FIFO = staging[i];
    }
    stats.tx_frames += 1;
    return ERR_OK;
}

/******************************************************************************/
// The multicast filter: a table of 64 bits, indexed by the upper 6 bits of the address's CRC-32 (data sheet 3.5).

static uint32_t hash_index(const uint8_t mac[NIC_MAC_SIZE]) {
    uint32_t crc = UINT32_MAX;
    for (int i = 0; i < NIC_MAC_SIZE * 8; ++i) {
        uint32_t bit = mac[i / 8] >> (i % 8) & 1;
        uint32_t feedback = (crc >> 31) ^ bit;
        crc = crc << 1 ^ (feedback ? 0x04c11db7 : 0);
    }
    return crc >> 26;
}

static void lan9118_multicast(const uint8_t mac[NIC_MAC_SIZE], bool join) {
    uint32_t index = hash_index(mac);
    if (join) {
        hash_users[index] += 1;
    } else if (hash_users[index] > 0) {
        hash_users[index] -= 1;
    }
    uint32_t table[2] = { 0, 0 };
    for (int i = 0; i < 64; ++i) {
        if (hash_users[i] > 0) {
            table[i / 32] |= 1u << (i % 32);
        }
    }
    mac_write(MAC_HASHL, table[0]);
    mac_write(MAC_HASHH, table[1]);
}

const nic_t soc_nic = {
    .start = lan9118_start,
    .stop = lan9118_stop,
    .link_is_up = lan9118_link_is_up,
    .pending = lan9118_pending,
    .service = lan9118_service,
    .transmit = lan9118_transmit,
    .multicast = lan9118_multicast,
    .stats = &stats,
};
