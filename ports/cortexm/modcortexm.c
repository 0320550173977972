// The cortexm module: what only this port has.

#include "py/mphal.h"
#include "py/runtime.h"

#include "event.h"
#include "flash.h"

#if CORTEXM_BENCH
// ticks(): the SoC's counter since the start. idle_ticks(): how many of them the CPU slept.
static mp_obj_t cortexm_ticks(void) {
    return mp_obj_new_int_from_ull(mp_hal_ticks64());
}
static MP_DEFINE_CONST_FUN_OBJ_0(cortexm_ticks_obj, cortexm_ticks);

static mp_obj_t cortexm_idle_ticks(void) {
    return mp_obj_new_int_from_ull(event_idle_ticks());
}
static MP_DEFINE_CONST_FUN_OBJ_0(cortexm_idle_ticks_obj, cortexm_idle_ticks);
#endif

static const mp_rom_map_elem_t cortexm_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_cortexm) },
    { MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&cortexm_flash_type) },
    #if CORTEXM_BENCH
    { MP_ROM_QSTR(MP_QSTR_ticks), MP_ROM_PTR(&cortexm_ticks_obj) },
    { MP_ROM_QSTR(MP_QSTR_idle_ticks), MP_ROM_PTR(&cortexm_idle_ticks_obj) },
    #endif
};
static MP_DEFINE_CONST_DICT(cortexm_globals, cortexm_globals_table);

const mp_obj_module_t cortexm_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&cortexm_globals,
};

MP_REGISTER_MODULE(MP_QSTR_cortexm, cortexm_module);
