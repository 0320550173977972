// cortexm.Flash: the flash memory as a block device with erase, as os.AbstractBlockDev describes it.

#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

#include "flash.h"
#include "platform.h"

typedef struct _cortexm_flash_obj_t {
    mp_obj_base_t base;
    const flash_t *flash;
} cortexm_flash_obj_t;

// Raises OSError(ENODEV) if the board has no flash for files.
static mp_obj_t flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    const flash_t *flash = platform->flash();
    if (flash == NULL) {
        mp_raise_OSError(MP_ENODEV);
    }
    cortexm_flash_obj_t *self = mp_obj_malloc(cortexm_flash_obj_t, type);
    self->flash = flash;
    return MP_OBJ_FROM_PTR(self);
}

// Address of readblocks(block, buf[, offset]) and writeblocks(block, buf[, offset]).
static uint32_t address_arg(const flash_t *flash, size_t n_args, const mp_obj_t *args) {
    uint32_t offset = n_args > 3 ? mp_obj_get_int(args[3]) : 0;
    return mp_obj_get_int(args[1]) * flash->sector_size + offset;
}

static mp_obj_t result(bool done) {
    return MP_OBJ_NEW_SMALL_INT(done ? 0 : -MP_EIO);
}

static mp_obj_t flash_readblocks(size_t n_args, const mp_obj_t *args) {
    const flash_t *flash = ((cortexm_flash_obj_t *)MP_OBJ_TO_PTR(args[0]))->flash;
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_WRITE);
    return result(flash->read(address_arg(flash, n_args, args), buf.buf, buf.len));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_readblocks_obj, 3, 4, flash_readblocks);

static mp_obj_t flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    const flash_t *flash = ((cortexm_flash_obj_t *)MP_OBJ_TO_PTR(args[0]))->flash;
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_READ);
    uint32_t address = address_arg(flash, n_args, args);
    if (n_args == 3) {
        // The simple interface knows no erase: whole blocks are replaced.
        for (uint32_t done = 0; done < buf.len; done += flash->sector_size) {
            if (!flash->erase(address + done)) {
                return result(false);
            }
        }
    }
    return result(flash->program(address, buf.buf, buf.len));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_writeblocks_obj, 3, 4, flash_writeblocks);

static mp_obj_t flash_ioctl(mp_obj_t self_in, mp_obj_t op, mp_obj_t arg) {
    const flash_t *flash = ((cortexm_flash_obj_t *)MP_OBJ_TO_PTR(self_in))->flash;
    switch (mp_obj_get_int(op)) {
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
            return result(true);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return mp_obj_new_int_from_uint(flash->size / flash->sector_size);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return mp_obj_new_int_from_uint(flash->sector_size);
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE:
            return result(flash->erase(mp_obj_get_int(arg) * flash->sector_size));
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(flash_ioctl_obj, flash_ioctl);

static const mp_rom_map_elem_t flash_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&flash_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&flash_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&flash_ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(flash_locals_dict, flash_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    cortexm_flash_type,
    MP_QSTR_Flash,
    MP_TYPE_FLAG_NONE,
    make_new, flash_make_new,
    locals_dict, &flash_locals_dict
    );
