// The port's part of the os module: included by extmod/modos.c.

#include "py/mperrno.h"
#include "py/runtime.h"

#include "random.h"

// urandom(n): n bytes from the platform's cryptographic source, asked at each call.
static mp_obj_t mp_os_urandom(mp_obj_t num) {
    mp_int_t n = mp_obj_get_int(num);
    if (n < 0) {
        mp_raise_ValueError(NULL);
    }
    vstr_t vstr;
    vstr_init_len(&vstr, n);
    if (!random_bytes((uint8_t *)vstr.buf, n)) {
        mp_raise_OSError(MP_EIO);
    }
    return mp_obj_new_bytes_from_vstr(&vstr);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mp_os_urandom_obj, mp_os_urandom);
