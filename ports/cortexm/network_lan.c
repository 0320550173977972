// network.LAN: the wired interface, with the methods of upstream's stm32 port.

#include "py/runtime.h"
#include "extmod/modnetwork.h"

#include "lwip/netif.h"

#include "net.h"
#include "nic.h"
#include "soc.h"

// Values of status().
enum {
    STATUS_OFF,
    STATUS_LINK_DOWN,
    STATUS_NO_ADDRESS,
    STATUS_UP,
};

// There is one interface, so there is one object.
static const mp_obj_base_t network_lan_obj = { &network_lan_type };

static mp_obj_t network_lan_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&network_lan_obj);
}

static int lan_status(void) {
    struct netif *netif = net_lan_netif();
    if (!net_lan_is_started()) {
        return STATUS_OFF;
    }
    if (!netif_is_link_up(netif)) {
        return STATUS_LINK_DOWN;
    }
    return ip4_addr_isany_val(*netif_ip4_addr(netif)) ? STATUS_NO_ADDRESS : STATUS_UP;
}

static void network_lan_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    const ip4_addr_t *ip = netif_ip4_addr(net_lan_netif());
    mp_printf(print, "<LAN %d %u.%u.%u.%u>", lan_status(),
        ip4_addr1(ip), ip4_addr2(ip), ip4_addr3(ip), ip4_addr4(ip));
}

// active([is_active])
static mp_obj_t network_lan_active(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return mp_obj_new_bool(net_lan_is_started());
    }
    if (!mp_obj_is_true(args[1])) {
        net_lan_stop();
        return mp_const_none;
    }
    int error = net_lan_start();
    if (error != 0) {
        mp_raise_OSError(error);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(network_lan_active_obj, 1, 2, network_lan_active);

// isconnected(): linked, and with an address.
static mp_obj_t network_lan_isconnected(mp_obj_t self_in) {
    return mp_obj_new_bool(lan_status() == STATUS_UP);
}
static MP_DEFINE_CONST_FUN_OBJ_1(network_lan_isconnected_obj, network_lan_isconnected);

static mp_obj_t lan_stats(void) {
    const nic_stats_t *stats = soc_nic.stats;
    const struct {
        qstr name;
        uint32_t value;
    } items[] = {
        { MP_QSTR_rx_frames, stats->rx_frames },
        { MP_QSTR_rx_dropped, stats->rx_dropped },
        { MP_QSTR_rx_errors, stats->rx_errors },
        { MP_QSTR_tx_frames, stats->tx_frames },
        { MP_QSTR_tx_dropped, stats->tx_dropped },
        { MP_QSTR_tx_errors, stats->tx_errors },
    };
    mp_obj_t dict = mp_obj_new_dict(MP_ARRAY_SIZE(items));
    for (size_t i = 0; i < MP_ARRAY_SIZE(items); ++i) {
        mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(items[i].name), mp_obj_new_int_from_uint(items[i].value));
    }
    return dict;
}

// status(): 0 off, 1 no link, 2 linked without an address, 3 ready. status("stats"): counters of frames, a dict.
static mp_obj_t network_lan_status(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return MP_OBJ_NEW_SMALL_INT(lan_status());
    }
    if (mp_obj_str_get_qstr(args[1]) != MP_QSTR_stats) {
        mp_raise_ValueError(MP_ERROR_TEXT("unknown status param"));
    }
    return lan_stats();
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(network_lan_status_obj, 1, 2, network_lan_status);

static void require_active(void) {
    if (!net_lan_is_started()) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("LAN is off: call active(True) first"));
    }
}

static mp_obj_t network_lan_ifconfig(size_t n_args, const mp_obj_t *args) {
    if (n_args > 1) {
        require_active();
    }
    return mod_network_nic_ifconfig(net_lan_netif(), n_args - 1, args + 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(network_lan_ifconfig_obj, 1, 2, network_lan_ifconfig);

static mp_obj_t network_lan_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    if (kwargs->used > 0) {
        require_active();
    }
    return mod_network_nic_ipconfig(net_lan_netif(), n_args - 1, args + 1, kwargs);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(network_lan_ipconfig_obj, 1, network_lan_ipconfig);

static mp_obj_t lan_config_get(mp_obj_t name) {
    switch (mp_obj_str_get_qstr(name)) {
        case MP_QSTR_mac:
            require_active();
            return mp_obj_new_bytes(net_lan_netif()->hwaddr, NIC_MAC_SIZE);
        case MP_QSTR_hostname:
            return mod_network_hostname(0, NULL);
        default:
            mp_raise_ValueError(MP_ERROR_TEXT("unknown config param"));
    }
}

// config("mac"), config("hostname"), config(hostname=...)
static mp_obj_t network_lan_config(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    if (kwargs->used == 0) {
        mp_arg_check_num(n_args, 0, 2, 2, false);
        return lan_config_get(args[1]);
    }
    mp_arg_check_num(n_args, 0, 1, 1, false);
    for (size_t i = 0; i < kwargs->alloc; ++i) {
        if (!mp_map_slot_is_filled(kwargs, i)) {
            continue;
        }
        if (kwargs->table[i].key != MP_OBJ_NEW_QSTR(MP_QSTR_hostname)) {
            mp_raise_ValueError(MP_ERROR_TEXT("unknown config param"));
        }
        mod_network_hostname(1, &kwargs->table[i].value);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(network_lan_config_obj, 1, network_lan_config);

static const mp_rom_map_elem_t network_lan_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_active), MP_ROM_PTR(&network_lan_active_obj) },
    { MP_ROM_QSTR(MP_QSTR_isconnected), MP_ROM_PTR(&network_lan_isconnected_obj) },
    { MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&network_lan_status_obj) },
    { MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&network_lan_ifconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&network_lan_ipconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&network_lan_config_obj) },
};
static MP_DEFINE_CONST_DICT(network_lan_locals_dict, network_lan_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    network_lan_type,
    MP_QSTR_LAN,
    MP_TYPE_FLAG_NONE,
    make_new, network_lan_make_new,
    print, network_lan_print,
    locals_dict, &network_lan_locals_dict
    );
